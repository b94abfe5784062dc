"""The one way of every request: what is reported, and what becomes of errors nobody expected."""

import contextlib
import time
from types import SimpleNamespace

import grpc
import numpy as np
import pytest


class OneModel:
    """Finds one model, whatever is asked for, and counts who holds it."""

    def __init__(self, model):
        self._held = SimpleNamespace(name="methods", version=3, model=model)
        self.holders = 0

    @contextlib.contextmanager
    def find(self, model_spec):
        self.holders += 1
        try:
            yield self._held
        finally:
            self.holders -= 1


@pytest.fixture(scope="module")
def model(methods_base_path):
    from serving.model_server.loaded_model import LoadedModel
    from serving.model_server.options import ServerOptions

    return LoadedModel(methods_base_path / "3", ServerOptions())


@pytest.fixture
def models(model):
    return OneModel(model)


def predict_request(value=(1.0,), signature=""):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "methods"
    request.model_spec.signature_name = signature
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.array(value, np.float32)))
    return request


def test_an_answer_is_reported(models):
    from serving.model_server.answering import Answering

    finished = []
    request = predict_request()
    response = Answering(models, finished.append).answer("Predict", request)
    (one,) = finished
    assert one.request is request and one.response is response
    assert (one.method, one.entrypoint, one.model, one.version) == ("Predict", "grpc", "methods", 3)
    assert (one.signature, one.code) == ("serving_default", grpc.StatusCode.OK)
    assert 0 < one.seconds < 60
    assert models.holders == 0


def test_an_error_is_reported_and_the_model_let_go(models):
    from serving.model_server.answering import Answering
    from serving.model_server.errors import RequestError

    finished = []
    with pytest.raises(RequestError):
        Answering(models, finished.append).answer("Predict", predict_request(signature="sort"))
    (one,) = finished
    assert (one.signature, one.version, one.code) == ("sort", 3, grpc.StatusCode.INVALID_ARGUMENT)
    assert one.response is None
    assert models.holders == 0


def test_an_unexpected_error_is_internal_and_says_what(models, model, monkeypatch):
    from serving.model_server.answering import Answering
    from serving.model_server.errors import RequestError

    def fail(*_):
        raise MemoryError("no memory\nat all")

    monkeypatch.setattr(model, "run", fail)
    finished = []
    with pytest.raises(RequestError) as error:
        Answering(models, finished.append).answer("Predict", predict_request())
    assert (error.value.code, str(error.value)) == (grpc.StatusCode.INTERNAL, "MemoryError: no memory at all")
    assert finished[0].code == grpc.StatusCode.INTERNAL


def test_a_listener_that_fails_takes_no_answer_away(models):
    from serving.model_server.answering import Answering

    def fail(_):
        raise OSError("disk full")

    assert set(Answering(models, fail).answer("Predict", predict_request()).outputs) == {"y", "z"}


@pytest.mark.parametrize(
    ("waiting", "code"),
    [
        ({"deadline": time.monotonic() - 1}, grpc.StatusCode.DEADLINE_EXCEEDED),
        ({"is_active": lambda: False}, grpc.StatusCode.CANCELLED),
    ],
)
def test_nothing_runs_for_a_client_that_waits_no_longer(models, waiting, code):
    from serving.model_server.answering import Answering, Waiting
    from serving.model_server.errors import RequestError

    with pytest.raises(RequestError) as error:
        Answering(models).answer("Predict", predict_request(), Waiting(**waiting))
    assert error.value.code == code


def test_a_signature_is_read_once_and_goes_with_its_model(methods_base_path):
    import gc
    import weakref

    from serving.model_server.loaded_model import LoadedModel
    from serving.model_server.options import ServerOptions
    from serving.model_server.signature import find_signature

    model = LoadedModel(methods_base_path / "3", ServerOptions())
    assert find_signature(model, "") is find_signature(model, "serving_default")
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
