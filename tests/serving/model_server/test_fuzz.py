"""Whatever comes over the wire is answered with a status, never INTERNAL, and the server goes on.

`make test-slow` runs the same with many more requests.
"""

import http.client
import json
import socket
import threading
from contextlib import contextmanager
from typing import NamedTuple

import grpc
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

MODEL_NAME = "shoprank"
PREDICTION, MODEL = "/tensorflow.serving.PredictionService/", "/tensorflow.serving.ModelService/"
REQUESTS = {
    PREDICTION + "Predict": predict_pb2.PredictRequest,
    PREDICTION + "Classify": classification_pb2.ClassificationRequest,
    PREDICTION + "Regress": regression_pb2.RegressionRequest,
    PREDICTION + "MultiInference": inference_pb2.MultiInferenceRequest,
    PREDICTION + "GetModelMetadata": get_model_metadata_pb2.GetModelMetadataRequest,
    MODEL + "GetModelStatus": get_model_status_pb2.GetModelStatusRequest,
}
SIGNATURES = ["serving_default", "recommend", "retrieve", "similar_items", "refuse_negative", "words"]
SIGNATURES += ["__saved_model_init_op"]
INPUTS = ["x", "k", "user_id", "query", "history_item_ids", "history_event_types", "history_ages", "text", "item_id"]
FEW, MANY = 40, 3000


def effort(examples):
    """Settings of one run; the requests are the same in every run."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


def free_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


class Serving(NamedTuple):
    channel: grpc.Channel
    port: int
    rest_port: int


@contextmanager
def serving(base_path, **changes):
    """A server in this process whose version 2 is available, and its options."""
    from serving.model_server.options import ServerOptions
    from serving.model_server.server import ModelServer

    available = threading.Event()
    options = ServerOptions(model_base_path=base_path, port=0, **changes)
    server = ModelServer(options, on_available=lambda version: available.set())
    port = server.start()
    try:
        assert available.wait(60)
        with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.max_send_message_length", -1)]) as channel:
            yield Serving(channel, port, options.rest_api_port)
    finally:
        server.stop()


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "batched"])
def channel(request, saved_models):
    with serving(saved_models[2].parent, enable_batching=request.param) as server:
        yield server.channel


def send(channel, method, data):
    """The code of a call with the given bytes."""
    try:
        channel.unary_unary(method)(data, timeout=60)
    except grpc.RpcError as error:
        # TensorFlow Serving says INTERNAL here as well: the signature is the model's own, and not for requests.
        if not error.details().startswith("Expected prediction signature method_name to be one of"):
            assert error.code().name not in ("INTERNAL", "UNKNOWN"), f"{method}: {error.details()}"
        assert error.code() != grpc.StatusCode.DEADLINE_EXCEEDED, f"{method} hangs"
        assert "\n" not in error.details()
        return error.code().name
    return "OK"


def answers_a_good_request(channel):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.inputs["x"].dtype = 1
    request.inputs["x"].float_val.extend([1, 2])
    for size in (1, 2):
        request.inputs["x"].tensor_shape.dim.add(size=size)
    answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=60)
    return list(answer.outputs["y"].float_val) == [5.0]


def usually(*likely):
    """Mostly one of the likely values, which get far into the server, else any text."""
    return st.one_of(st.sampled_from(likely), st.sampled_from(likely), st.text(max_size=5))


def message(message_class, **fields):
    """A message with some of its fields set."""

    def build(values):
        made = message_class()
        for name, value in values.items():
            if isinstance(value, dict):
                for key, entry in value.items():
                    getattr(made, name)[key].CopyFrom(entry)
            elif isinstance(value, list):
                getattr(made, name).extend(value)
            elif hasattr(value, "CopyFrom"):
                getattr(made, name).CopyFrom(value)
            else:
                setattr(made, name, value)
        return made

    return st.fixed_dictionaries({}, optional=fields).map(build)


def small_lists(values):
    return st.lists(values, max_size=4)


def shapes():
    from tensorflow.core.framework import tensor_shape_pb2

    sizes = st.one_of(st.integers(0, 3), st.integers(-2, 2**62), st.integers(0, 2))
    dimensions = message(tensor_shape_pb2.TensorShapeProto.Dim, size=sizes)
    return message(tensor_shape_pb2.TensorShapeProto, dim=small_lists(dimensions), unknown_rank=st.booleans())


def tensors():
    from tensorflow.core.framework import tensor_pb2

    numbers = st.floats(width=32)
    return message(
        tensor_pb2.TensorProto,
        dtype=st.one_of(st.sampled_from([1, 3, 7, 9]), st.integers(-1, 200)),
        tensor_shape=shapes(),
        float_val=small_lists(numbers),
        int_val=small_lists(st.integers(-(2**31), 2**31 - 1)),
        int64_val=small_lists(st.integers(-(2**63), 2**63 - 1)),
        string_val=small_lists(st.binary(max_size=6)),
        tensor_content=st.binary(max_size=24),
        version_number=st.integers(-1, 2),
    )


def model_specs():
    from google.protobuf import wrappers_pb2
    from tensorflow_serving.apis import model_pb2

    versions = message(wrappers_pb2.Int64Value, value=st.one_of(st.integers(1, 2), st.integers(-1, 2**63 - 1)))
    name, signature = usually(MODEL_NAME), usually(*SIGNATURES)
    named = message(model_pb2.ModelSpec, name=name, signature_name=signature)
    chosen = message(model_pb2.ModelSpec, name=name, signature_name=signature, version=versions)
    labelled = message(model_pb2.ModelSpec, name=name, version_label=st.text(max_size=5))
    right = st.sampled_from(SIGNATURES).map(lambda one: model_pb2.ModelSpec(name=MODEL_NAME, signature_name=one))
    return st.one_of(right, right, named, chosen, labelled)


def predict_requests():
    inputs = st.dictionaries(usually(*INPUTS), tensors(), max_size=3)
    exact = st.fixed_dictionaries({"x": tensors()})
    return message(
        predict_pb2.PredictRequest,
        model_spec=model_specs(),
        inputs=st.one_of(inputs, exact, exact),
        output_filter=small_lists(usually("y", "x", "scores")),
    )


def example_inputs():
    from tensorflow.core.example import example_pb2, feature_pb2
    from tensorflow_serving.apis import input_pb2

    features = st.one_of(
        message(feature_pb2.FloatList, value=small_lists(st.floats(width=32))).map(
            lambda one: feature_pb2.Feature(float_list=one)
        ),
        message(feature_pb2.BytesList, value=small_lists(st.binary(max_size=5))).map(
            lambda one: feature_pb2.Feature(bytes_list=one)
        ),
        st.just(feature_pb2.Feature()),
    )
    maps = st.dictionaries(usually("x", "y"), features, max_size=3)
    examples = message(feature_pb2.Features, feature=maps).map(lambda one: example_pb2.Example(features=one))
    listed = message(input_pb2.ExampleList, examples=small_lists(examples))
    with_context = message(input_pb2.ExampleListWithContext, examples=small_lists(examples), context=examples)
    return st.one_of(
        message(input_pb2.Input, example_list=listed), message(input_pb2.Input, example_list_with_context=with_context)
    )


def multi_inference_requests():
    methods = usually("tensorflow/serving/classify", "tensorflow/serving/regress", "tensorflow/serving/predict")
    tasks = message(inference_pb2.InferenceTask, model_spec=model_specs(), method_name=methods)
    return message(inference_pb2.MultiInferenceRequest, tasks=small_lists(tasks), input=example_inputs())


def requests():
    """A method and a message of its type."""
    spec = model_specs()
    shaped = {
        "Predict": predict_requests(),
        "Classify": message(classification_pb2.ClassificationRequest, model_spec=spec, input=example_inputs()),
        "Regress": message(regression_pb2.RegressionRequest, model_spec=spec, input=example_inputs()),
        "MultiInference": multi_inference_requests(),
        "GetModelMetadata": message(
            get_model_metadata_pb2.GetModelMetadataRequest,
            model_spec=spec,
            metadata_field=small_lists(usually("signature_def")),
        ),
    }
    of_predictions = [st.tuples(st.just(PREDICTION + name), one) for name, one in shaped.items()]
    status = message(get_model_status_pb2.GetModelStatusRequest, model_spec=spec)
    return st.one_of(of_predictions[0], *of_predictions, st.tuples(st.just(MODEL + "GetModelStatus"), status))


@pytest.mark.parametrize("examples", [FEW * 3, pytest.param(MANY, marks=pytest.mark.slow)])
def test_messages_that_make_no_sense(channel, examples):
    codes = set()

    @effort(examples)
    @given(requests())
    def run(request):
        method, made = request
        codes.add(send(channel, method, made.SerializeToString()))

    run()
    # The requests reach more than the first check.
    assert {"NOT_FOUND", "INVALID_ARGUMENT", "OK"} <= codes
    assert answers_a_good_request(channel)


def signatures_of(channel):
    """Signature name -> its SignatureDef."""
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = MODEL_NAME
    answer = prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request, timeout=60)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(signatures)
    return {name: one for name, one in signatures.signature_def.items() if one.method_name}


def arrays(info):
    """Arrays of an input's dtype and rank: mostly of one row and two columns, with values that are often extreme."""
    import tensorflow as tf

    sizes = st.tuples(*[st.sampled_from([usual, usual, usual, 0, 1, 3]) for usual in (1, 2)])
    dtype = tf.dtypes.as_dtype(info.dtype)
    values = {
        tf.string: st.sampled_from([b"", b"a", b"\xff\xfe", b"x" * 1000, "\u00e9".encode()]),
        tf.float32: st.sampled_from([0.0, 1.0, -1.0, float("nan"), float("inf"), -3e38]),
        tf.int32: st.sampled_from([0, 1, 2, 5, -1, 2**31 - 1, -(2**31)]),
        tf.int64: st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)]),
    }[dtype]
    kind = object if dtype == tf.string else dtype.as_numpy_dtype
    shape = sizes.map(lambda both: both[: len(info.tensor_shape.dim)])
    return st.tuples(shape, values).map(lambda pair: np.full(pair[0], pair[1], kind))


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_inputs_that_do_not_fit_each_other(channel, examples):
    import tensorflow as tf

    signatures = signatures_of(channel)
    del signatures["read"]
    codes = set()

    @effort(examples)
    @given(st.data())
    def run(data):
        name = data.draw(st.sampled_from(sorted(signatures)))
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = MODEL_NAME, name
        for key, info in signatures[name].inputs.items():
            values = data.draw(arrays(info))
            # The tiny model has no bound on k, and would fill the memory.
            values = np.minimum(values, 1000) if key == "k" else values
            request.inputs[key].CopyFrom(tf.make_tensor_proto(values, info.dtype))
        codes.add(send(channel, PREDICTION + "Predict", request.SerializeToString()))

    run()
    assert codes >= {"OK", "INVALID_ARGUMENT"}
    assert answers_a_good_request(channel)


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_bytes_that_are_no_message(channel, examples):
    @effort(examples)
    @given(st.sampled_from(sorted(REQUESTS)), st.binary(max_size=40))
    def run(method, data):
        assert send(channel, method, data) != "OK"

    run()
    assert answers_a_good_request(channel)


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_good_requests_with_flipped_bytes(channel, examples):
    good = predict_pb2.PredictRequest(output_filter=["y"])
    good.model_spec.name = MODEL_NAME
    good.inputs["x"].dtype = 1
    good.inputs["x"].tensor_content = bytes(8)
    for size in (1, 2):
        good.inputs["x"].tensor_shape.dim.add(size=size)
    whole = good.SerializeToString()
    assert send(channel, PREDICTION + "Predict", whole) == "OK"

    @effort(examples)
    @given(st.integers(0, len(whole) - 1), st.integers(0, 255), st.integers(0, len(whole)))
    def run(position, value, end):
        damaged = bytearray(whole)
        damaged[position] = value
        send(channel, PREDICTION + "Predict", bytes(damaged))
        send(channel, PREDICTION + "Predict", whole[:end])

    run()
    assert answers_a_good_request(channel)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(usually("x", "b64", "k"), inner, max_size=3)),
    max_leaves=8,
)
bodies = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "signature_name": usually(*SIGNATURES),
            "instances": json_values,
            "inputs": json_values,
            "examples": json_values,
            "context": json_values,
        },
    ).map(lambda body: json.dumps(body).encode()),
    json_values.map(lambda body: json.dumps(body).encode()),
    st.binary(max_size=30),
)
paths = st.one_of(
    st.sampled_from([f"/v1/models/{MODEL_NAME}:{method}" for method in ("predict", "classify", "regress")]),
    st.sampled_from(["/v1/models/shoprank/versions/2:predict", "/v1/models/shoprank/labels/a:predict", "/v1/models"]),
    st.text("abc/:%.0123456789", max_size=12).map(lambda text: f"/v1/models/{text}"),
)


@pytest.fixture(scope="module")
def rest(saved_models):
    with serving(saved_models[2].parent, rest_api_port=free_port()) as server:
        yield server


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
def test_rest_bodies_that_make_no_sense(rest, examples):
    connection = http.client.HTTPConnection("127.0.0.1", rest.rest_port, timeout=60)

    @effort(examples)
    @given(st.sampled_from(["POST", "POST", "POST", "GET", "PUT"]), paths, bodies)
    def run(method, path, body):
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read()
        assert response.status < 500 or response.status == 501, f"{method} {path} {body!r}: {content!r}"
        json.loads(content)

    run()
    connection.close()
    assert answers_a_good_request(rest.channel)


@pytest.mark.parametrize(
    "data", [bytes(1000), b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500]
)
def test_bytes_that_are_no_call_at_all(rest, data):
    for port in (rest.port, rest.rest_port):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(data)
    assert answers_a_good_request(rest.channel)
