"""The gRPC contract, asked with the stubs and messages of tensorflow-serving-api itself."""

import os
import shutil
import signal
import socket
import time

import grpc
import numpy as np
import pytest

MODEL_NAME = "shoprank"


@pytest.fixture(scope="module")
def ask(server):
    with grpc.insecure_channel(server.target) as channel:
        yield asker(channel)


def asker(channel):
    """A function that sends one Predict request and returns output name -> array, and the model_spec."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def predict(signature, inputs, *, name=MODEL_NAME, version=None, label="", output_filter=()):
        request = predict_pb2.PredictRequest(output_filter=output_filter)
        request.model_spec.name = name
        request.model_spec.signature_name = signature
        if version is not None:
            request.model_spec.version.value = version
        if label:
            request.model_spec.version_label = label
        for key, array in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(array))
        response = stub.Predict(request, timeout=30)
        return {key: tf.make_ndarray(value) for key, value in response.outputs.items()}, response.model_spec

    return predict


X = {"x": np.array([[1, 2], [3, 4]], np.float32)}


def test_an_empty_signature_name_is_serving_default_and_the_answer_says_who_answered(ask):
    outputs, spec = ask("", X)
    np.testing.assert_array_equal(outputs["y"], [4, 8])
    assert (spec.name, spec.version.value, spec.signature_name) == ("shoprank", 1, "serving_default")


def test_a_dtype_without_a_field_of_our_own_is_answered_too(ask):
    assert ask("serving_default", X)[0]["half"].dtype == np.float16


def test_an_explicit_version_and_an_output_filter(ask):
    outputs, spec = ask("serving_default", X, version=1, output_filter=["y"])
    assert set(outputs) == {"y"}
    assert spec.version.value == 1


def test_numbers_come_in_their_typed_field(server):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.inputs["x"].dtype = 1
    request.inputs["x"].float_val.extend([1, 2])
    for size in (1, 2):
        request.inputs["x"].tensor_shape.dim.add(size=size)
    with grpc.insecure_channel(server.target) as channel:
        response = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    assert list(response.outputs["y"].float_val) == [4.0]


def test_operations_of_tf_text_are_there(ask):
    assert ask("words", {"text": np.array([b"oat milk", b"tea"])})[0]["words"].tolist() == [
        [b"oat", b"milk"],
        [b"tea", b""],
    ]


def test_a_scalar_string_comes_back_whole(ask, tmp_path):
    (tmp_path / "file").write_bytes(b"ends in zero\0")
    outputs, _ = ask("read", {"path": np.array(str(tmp_path / "file"))})
    assert outputs["content"].item() == b"ends in zero\0"


USER = {
    "user_id": np.array([b"u"]),
    "query": np.array([b""]),
    "history_item_ids": np.array([[b""]]),
    "history_event_types": np.array([[b""]]),
    "history_ages": np.zeros((1, 1), np.float32),
}


@pytest.mark.parametrize(
    ("signature", "inputs", "choice", "code", "message"),
    [
        ("", X, {"name": "other"}, "NOT_FOUND", "no model 'other' here; the model is 'shoprank'"),
        ("", X, {"version": 9}, "NOT_FOUND", "model shoprank has no version 9 in service; version 1 is"),
        ("", X, {"label": "canary"}, "INVALID_ARGUMENT", "version label 'canary' is unknown"),
        ("sort", X, {}, "INVALID_ARGUMENT", "no signature 'sort' in the model; it has embed_item, embed_query, "),
        ("", {}, {}, "INVALID_ARGUMENT", "signature serving_default: input x is missing"),
        (
            "retrieve",
            USER | {"K": np.array([1])},
            {},
            "INVALID_ARGUMENT",
            "signature retrieve: input k is missing",
        ),
        (
            "",
            X | {"z": np.array([1])},
            {},
            "INVALID_ARGUMENT",
            "signature serving_default: input z is unknown; it takes x",
        ),
        (
            "retrieve",
            USER | {"k": np.array([5], np.int64)},
            {},
            "INVALID_ARGUMENT",
            "signature retrieve: input k is int64, int32 is expected",
        ),
        (
            "",
            {"x": np.zeros((1, 3), np.float32)},
            {},
            "INVALID_ARGUMENT",
            "signature serving_default: input x has shape [1, 3], [?, 2] is expected",
        ),
        (
            "retrieve",
            USER | {"k": np.array(5, np.int32)},
            {},
            "INVALID_ARGUMENT",
            "signature retrieve: input k has shape [], [?] is expected",
        ),
        (
            "",
            X,
            {"output_filter": ["y", "w"]},
            "INVALID_ARGUMENT",
            "signature serving_default: output w is unknown; it gives half, y",
        ),
        (
            "refuse_negative",
            {"x": np.array([-1], np.int32)},
            {},
            "INVALID_ARGUMENT",
            "signature refuse_negative: assertion failed: [x must not be negative",
        ),
        ("read", {"path": np.array("/no/such/file")}, {}, "INTERNAL", "signature read: "),
    ],
)
def test_status_codes(ask, signature, inputs, choice, code, message):
    with pytest.raises(grpc.RpcError) as error:
        ask(signature, inputs, **choice)
    assert error.value.code().name == code
    assert error.value.details().startswith(message)
    assert "\n" not in error.value.details()


@pytest.mark.parametrize(
    ("sizes", "values", "message"),
    [
        ([1, 2], [1, 2, 3], "signature serving_default: input x cannot be read: "),
        ([-1, 2], [1, 2], "signature serving_default: input x has shape [-1, 2], [?, 2] is expected"),
        ([-5, 2], [1, 2], "signature serving_default: input x has shape [-5, 2], [?, 2] is expected"),
    ],
)
def test_tensors_that_make_no_sense_are_invalid(server, sizes, values, message):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.inputs["x"].dtype = 1
    request.inputs["x"].float_val.extend(values)
    for size in sizes:
        request.inputs["x"].tensor_shape.dim.add(size=size)
    with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as error:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.value.details().startswith(message)


def test_a_request_without_model_spec_is_invalid(server):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as error:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(predict_pb2.PredictRequest(), timeout=30)
    assert (error.value.code(), error.value.details()) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "the request has no model_spec",
    )


def _metadata(server, fields):
    from tensorflow_serving.apis import get_model_metadata_pb2, prediction_service_pb2_grpc

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = MODEL_NAME
    with grpc.insecure_channel(server.target) as channel:
        return prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request, timeout=30)


def test_metadata_is_a_signature_map_in_any(server):
    from tensorflow_serving.apis import get_model_metadata_pb2

    response = _metadata(server, ["signature_def"])
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def["serving_default"].outputs) == {"y", "half"}
    assert signatures.signature_def["recommend"].inputs["seed"].dtype == 9
    assert (response.model_spec.name, response.model_spec.version.value) == ("shoprank", 1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "metadata_field must be signature_def, the request asks for nothing"),
        (["cost"], "metadata_field must be signature_def, the request asks for cost"),
    ],
)
def test_other_metadata_is_invalid(server, fields, message):
    with pytest.raises(grpc.RpcError) as error:
        _metadata(server, fields)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, message)


def _status(server, name=MODEL_NAME, version=None):
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version
    with grpc.insecure_channel(server.target) as channel:
        response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request, timeout=30)
    state = response.model_version_status[0].State.Name
    return [(one.version, state(one.state), one.status.error_code) for one in response.model_version_status]


def test_status_of_all_and_of_one_version(server):
    assert _status(server) == [(1, "AVAILABLE", 0)]
    assert _status(server, version=1) == [(1, "AVAILABLE", 0)]


@pytest.mark.parametrize(("name", "version"), [("other", None), ("shoprank", 9)])
def test_status_of_what_is_not_here_is_not_found(server, name, version):
    with pytest.raises(grpc.RpcError) as error:
        _status(server, name, version)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_a_taken_port_is_an_error(server, tmp_path):
    from serving.model_server.server import ModelServer

    port = int(server.target.rpartition(":")[2])
    with pytest.raises(OSError, match=rf"cannot listen on 127\.0\.0\.1:{port}: the port is taken"):
        ModelServer(MODEL_NAME, tmp_path, port=port).start()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path, number):
    from serving.model_server.server import serve

    ports = []

    def on_listening(port):
        ports.append(port)
        os.kill(os.getpid(), number)

    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    serve(MODEL_NAME, tmp_path, port=0, poll_seconds=0.05, on_listening=on_listening)
    assert {one: signal.getsignal(one) for one in before} == before
    with socket.socket() as free:
        free.bind(("127.0.0.1", ports[0]))


def test_the_life_of_a_model_on_a_running_server(start, saved_models, push):
    """Nothing there, half a copy, version 1, a broken version 2, version 3; one server, as in a shop."""
    server = start()
    with grpc.insecure_channel(server.target) as channel:
        ask = asker(channel)
        with pytest.raises(grpc.RpcError) as error:
            ask("", X)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE

        (server.base_path / "9" / "variables").mkdir(parents=True)
        push(saved_models[1], server.base_path, 1)
        server.wait_for(1)
        assert ask("", X)[0]["y"].tolist() == [4, 8]
        assert _status(server) == [(1, "AVAILABLE", 0)]

        (server.base_path / "2").mkdir()
        (server.base_path / "2" / "saved_model.pb").write_bytes(b"not a SavedModel")
        push(saved_models[2], server.base_path, 3)
        server.wait_for(3)
        outputs, spec = ask("", X)
        assert outputs["y"].tolist() == [5, 9]
        assert spec.version.value == 3
        with pytest.raises(grpc.RpcError) as error:
            ask("", X, version=1)
        assert error.value.code() == grpc.StatusCode.NOT_FOUND
        assert {version: state for version, state, _ in _status(server)}[1] == "END"


def test_a_broken_newer_version_does_not_replace_the_one_in_service(start, saved_models, push, tmp_path):
    server = start()
    push(saved_models[1], server.base_path, 1)
    server.wait_for(1)
    # A copy that has its graph and lacks its variables.
    shutil.copytree(saved_models[2], tmp_path / "broken", ignore=shutil.ignore_patterns("variables.*"))
    push(tmp_path / "broken", server.base_path, 2)
    state, error_code = _wait_until_ended(server, 2)
    assert (state, error_code) == ("END", grpc.StatusCode.UNKNOWN.value[0])
    with grpc.insecure_channel(server.target) as channel:
        assert asker(channel)("", X)[0]["y"].tolist() == [4, 8]
    assert _status(server, version=1) == [(1, "AVAILABLE", 0)]


def _wait_until_ended(server, version):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [(state, code) for number, state, code in _status(server) if number == version]
        if found and found[0][0] == "END":
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"version {version} did not end: {_status(server)}")
