"""A SavedModel in a session: answers, errors with their codes, batching behind `run`, and the end."""

import threading
import time

import grpc
import numpy as np
import pytest

from serving.model_server.errors import RequestError
from serving.model_server.options import ServerOptions

X = np.array([[1, 2], [3, 4]], np.float32)


@pytest.fixture(scope="module")
def model(saved_models):
    from serving.model_server.loaded_model import LoadedModel

    model = LoadedModel(saved_models[1], ServerOptions())
    yield model
    model.close()


@pytest.fixture(scope="module")
def batching_model(saved_models, tmp_path_factory):
    from serving.model_server.loaded_model import LoadedModel

    file = tmp_path_factory.mktemp("batching") / "batching.txt"
    file.write_text("max_batch_size { value: 8 } allowed_batch_sizes: [4, 8] num_batch_threads { value: 1 }")
    options = ServerOptions(enable_batching=True, batching_parameters_file=file)
    model = LoadedModel(saved_models[1], options)
    yield model
    model.close()


def refused(model, signature, inputs, **given):
    with pytest.raises(RequestError) as error:
        model.run(signature, inputs, list(model.signatures[signature].outputs), **given)
    return error.value.code.name, str(error.value)


def test_outputs_are_those_asked_for(model):
    outputs = model.run("serving_default", {"x": X}, ["y", "half"])
    assert outputs["y"].tolist() == [4, 8]
    assert outputs["half"].dtype == np.float16
    assert model.run("serving_default", {"x": X}, ["y"]).keys() == {"y"}
    texts = model.run("words", {"text": np.array(["a b", "ä"])}, ["words"])
    assert texts["words"].tolist() == [[b"a", b"b"], ["ä".encode(), b""]]


def test_several_signatures_take_the_same_inputs(model):
    outputs = model.run_together({"serving_default": ["y"]}, {"x": X})
    assert outputs["serving_default"]["y"].tolist() == [4, 8]


def test_an_unknown_signature_is_invalid(model):
    with pytest.raises(RequestError) as error:
        model.run("other", {}, [])
    assert error.value.code == grpc.StatusCode.INVALID_ARGUMENT
    assert str(error.value).startswith('Serving signature key "other" not found. The model has embed_item, ')


@pytest.mark.parametrize(
    ("signature", "inputs", "code", "message"),
    [
        ("refuse_negative", {"x": np.array([-1], np.int32)}, "INVALID_ARGUMENT", "signature refuse_negative: "),
        ("read", {"path": np.array("/no/such")}, "NOT_FOUND", "signature read: /no/such; No such file or directory"),
        ("serving_default", {"x": X.astype(np.int64)}, "INVALID_ARGUMENT", "input x is int64, float32 is expected"),
        ("serving_default", {"x": X[0]}, "INVALID_ARGUMENT", "input x has shape [2], [?, 2] is expected"),
    ],
)
def test_errors_have_tensorflows_codes(model, signature, inputs, code, message):
    found = refused(model, signature, inputs)
    assert found[0] == code
    assert found[1].startswith(message)


def test_nothing_is_run_when_nobody_waits(model, batching_model):
    for one in (model, batching_model):
        late = refused(one, "serving_default", {"x": X}, deadline=time.monotonic() - 1)
        assert late == ("DEADLINE_EXCEEDED", "Deadline exceeded before the request was run")
        gone = refused(one, "serving_default", {"x": X}, is_active=lambda: False)
        assert gone == ("CANCELLED", "The client is gone")


def test_batching_is_invisible(batching_model):
    answers = {}

    def ask(number):
        x = np.full((1 + number % 2, 2), number, np.float32)
        answers[number] = batching_model.run("serving_default", {"x": x}, ["y"])["y"].tolist()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: [2 * number + 1] * (1 + number % 2) for number in range(12)}


def test_batching_refuses_what_it_cannot_join(batching_model):
    code, message = refused(batching_model, "serving_default", {"x": np.zeros((9, 2), np.float32)})
    assert (code, message) == ("INVALID_ARGUMENT", "Task size 9 is larger than maximum input batch size 8")
    code, message = refused(batching_model, "read", {"path": np.array("/etc/hostname")})
    assert code == "INVALID_ARGUMENT"
    assert message.endswith("must have at least one dimension: input path has none")


def test_a_pool_of_threads_gives_the_same_answers(saved_models):
    from serving.model_server.loaded_model import LoadedModel

    options = ServerOptions(tensorflow_inter_op_parallelism=2, tensorflow_intra_op_parallelism=1)
    model = LoadedModel(saved_models[2], options)
    assert model.run("serving_default", {"x": X}, ["y"])["y"].tolist() == [5, 9]
    model.close()
    assert refused(model, "serving_default", {"x": X}) == ("UNAVAILABLE", "this version of the model is unloaded")
