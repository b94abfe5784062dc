"""A SavedModel with signatures of every method, good and bad, and a server of it with both APIs."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

METHODS_MODEL = "methods"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
PREDICT = "tensorflow/serving/predict"


def _build_signatures() -> dict[str, Any]:
    """Build the graph; every output is a simple function of its input, so that a test can compute it."""
    import tensorflow as tf

    v1 = tf.compat.v1
    texts = v1.placeholder(tf.string, [None], "examples")
    parsed = tf.io.parse_example(texts, {name: tf.io.FixedLenFeature([], tf.float32, 0.0) for name in ("x", "y")})
    x, y = parsed["x"], parsed["y"]
    scores = tf.stack([x, y], axis=1)
    classes = tf.tile(tf.constant([["ex", "why"]]), [tf.size(x), 1])
    dense = v1.placeholder(tf.float32, [None], "dense")

    def signature(method: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
        def info(tensors: dict[str, Any]) -> dict[str, Any]:
            return {name: v1.saved_model.build_tensor_info(tensor) for name, tensor in tensors.items()}

        return v1.saved_model.build_signature_def(info(inputs), info(outputs), method)

    examples = {"inputs": texts}
    kinds = ("float32", "float64", "int32", "int64", "uint8", "bool", "string", "float16")
    typed = {kind: v1.placeholder(getattr(tf, kind), [None, 2], kind) for kind in kinds}
    scalar = v1.placeholder(tf.float32, [], "scalar")
    text = v1.placeholder(tf.string, [None], "text")
    random = tf.random.uniform(tf.shape(texts))
    signatures = {
        "serving_default": signature(PREDICT, {"x": dense}, {"y": 2 * dense, "z": 3 * dense}),
        "double": signature(PREDICT, {"x": dense}, {"y": 2 * dense}),
        "types": signature(PREDICT, typed, {name: tf.identity(tensor) for name, tensor in typed.items()}),
        "json_types": signature(
            PREDICT,
            {name: tensor for name, tensor in typed.items() if name != "float16"},
            {name: tf.identity(tensor) for name, tensor in typed.items() if name != "float16"},
        ),
        "half": signature(PREDICT, {"x": dense}, {"y": tf.cast(dense, tf.float16)}),
        "float16": signature(PREDICT, {"x": typed["float16"]}, {"y": tf.identity(typed["float16"])}),
        "scalar": signature(PREDICT, {"x": scalar}, {"y": scalar + 1, "z": dense_of(scalar)}),
        "texts": signature(
            PREDICT, {"text": text}, {"text": tf.identity(text), "raw_bytes": tf.strings.join([text, text])}
        ),
        "special": signature(PREDICT, {"x": dense}, {"y": tf.stack([dense / 0, -dense / 0, 0 * dense / 0], axis=1)}),
        "no_method": signature("", {"x": dense}, {"y": dense + 1}),
        "classify": signature(CLASSIFY, examples, {"classes": classes, "scores": scores}),
        "scores": signature(CLASSIFY, examples, {"scores": scores}),
        "classes": signature(CLASSIFY, examples, {"classes": classes}),
        "regress": signature(REGRESS, examples, {"outputs": x + y}),
        "random": signature(REGRESS, examples, {"outputs": random}),
        "random_doubled": signature(REGRESS, examples, {"outputs": 2 * random}),
        "regress_column": signature(REGRESS, examples, {"outputs": (x - y)[:, None]}),
    }
    wrong = {
        "classify_two_inputs": signature(CLASSIFY, examples | {"more": dense}, {"scores": scores}),
        "classify_three_outputs": signature(
            CLASSIFY, examples, {"classes": classes, "scores": scores, "more": tf.identity(x)}
        ),
        "classify_other_input": signature(CLASSIFY, {"x": texts}, {"scores": scores}),
        "classify_other_output": signature(CLASSIFY, examples, {"values": scores}),
        "classify_dense": signature(CLASSIFY, {"inputs": dense}, {"scores": dense[:, None]}),
        "classify_vector": signature(CLASSIFY, examples, {"scores": x}),
        "classify_whole": signature(CLASSIFY, examples, {"scores": tf.cast(scores, tf.int64)}),
        "classify_numbers": signature(CLASSIFY, examples, {"classes": scores + 1}),
        "classify_batch": signature(CLASSIFY, examples, {"scores": tf.concat([scores, scores], axis=0)}),
        "classify_widths": signature(CLASSIFY, examples, {"classes": classes, "scores": x[:, None]}),
        "regress_two_outputs": signature(REGRESS, examples, {"outputs": x, "more": y}),
        "regress_other_output": signature(REGRESS, examples, {"values": x}),
        "regress_matrix": signature(REGRESS, examples, {"outputs": scores}),
        "regress_batch": signature(REGRESS, examples, {"outputs": tf.concat([x, y], axis=0)}),
        "regress_double": signature(REGRESS, examples, {"outputs": tf.cast(x, tf.float64)}),
    }
    return signatures | wrong


def dense_of(scalar: Any) -> Any:
    """Return a vector of a scalar."""
    import tensorflow as tf

    return tf.stack([scalar, scalar])


@pytest.fixture(scope="session")
def methods_base_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base path with version 3 of a model whose signatures have every method, rightly and wrongly."""
    import tensorflow as tf

    base_path = tmp_path_factory.mktemp("methods")
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        builder = v1.saved_model.Builder(str(base_path / "3"))
        builder.add_meta_graph_and_variables(session, [tf.saved_model.SERVING], signature_def_map=_build_signatures())
        builder.save()
    return base_path


@dataclass
class MethodsServer:
    """A running server of the model.

    Attributes:
        channel: Channel to its gRPC port.
        rest_port: Its REST port.
        finished: What was reported of each request.
        answering: Where the requests go.
        models: The models.
    """

    channel: Any
    rest_port: int
    finished: list[Any]
    answering: Any
    models: Any


@pytest.fixture(scope="session")
def methods_server(methods_base_path: Path) -> Iterator[MethodsServer]:
    """A server of that model, with both APIs."""
    from concurrent.futures import ThreadPoolExecutor

    import grpc
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    from serving.model_server.answering import Answering
    from serving.model_server.options import ServerOptions
    from serving.model_server.prediction_service import PredictionService
    from serving.model_server.rest.app import rest_app
    from serving.model_server.rest_server import RestServer
    from serving.model_server.server import ModelServer

    available = threading.Event()
    options = ServerOptions(port=0, model_name=METHODS_MODEL, model_base_path=methods_base_path)
    model_server = ModelServer(options, on_available=lambda _: available.set())
    model_server.start()
    finished: list[Any] = []
    answering = Answering(model_server.models, finished.append)
    app = rest_app(answering, model_server.models, timeout_seconds=20.0, max_body_bytes=1_000_000)
    rest_server = RestServer(app, "127.0.0.1", 0, drain_seconds=1.0)
    server = grpc.server(ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(PredictionService(answering), server)
    target = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    rest_port = rest_server.start()
    assert available.wait(60)
    with grpc.insecure_channel(target) as channel:
        yield MethodsServer(channel, rest_port, finished, answering, model_server.models)
    server.stop(None)
    rest_server.stop()
    model_server.stop()


@pytest.fixture(scope="session")
def stub(methods_server: MethodsServer) -> Any:
    """The official stub of the PredictionService."""
    from tensorflow_serving.apis import prediction_service_pb2_grpc

    return prediction_service_pb2_grpc.PredictionServiceStub(methods_server.channel)


@pytest.fixture(scope="session")
def error_of() -> Callable[[Any, Any], tuple[str, str]]:
    """A function that sends a request that must fail, and returns the code's name and the message."""
    import grpc

    def send(method: Any, request: Any) -> tuple[str, str]:
        with pytest.raises(grpc.RpcError) as error:
            method(request, timeout=30)
        return error.value.code().name, error.value.details()

    return send


@pytest.fixture(scope="session")
def fill_examples() -> Callable[..., None]:
    """A function that adds Examples, dictionaries of feature name -> float, to an Input message; returns nothing."""

    def fill(message: Any, examples: list[dict[str, float]], context: dict[str, float] | None = None) -> None:
        target = message.example_list if context is None else message.example_list_with_context
        for name, value in (context or {}).items():
            target.context.features.feature[name].float_list.value.append(value)
        for example in examples:
            added = target.examples.add()
            for name, value in example.items():
                added.features.feature[name].float_list.value.append(value)

    return fill
