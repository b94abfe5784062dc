"""Predict over the wire: what is answered, and the code and message of every bad request."""

import numpy as np
import pytest

MODEL = "methods"


def request_of(inputs, signature="", output_filter=(), **spec):
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest(output_filter=output_filter)
    request.model_spec.name = spec.get("name", MODEL)
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


X = {"x": np.array([1, 2], np.float32)}


def test_the_default_signature_answers_and_says_who_did(stub):
    import tensorflow as tf

    response = stub.Predict(request_of(X), timeout=30)
    assert {name: tf.make_ndarray(proto).tolist() for name, proto in response.outputs.items()} == {
        "y": [2, 4],
        "z": [3, 6],
    }
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == (MODEL, 3, "serving_default")


def test_a_filter_chooses_the_outputs(stub):
    assert set(stub.Predict(request_of(X, output_filter=["z"]), timeout=30).outputs) == {"z"}


def test_a_classification_signature_can_be_run_as_it_is(stub):
    response = stub.Predict(request_of({"inputs": np.array([b"", b""])}, "scores"), timeout=30)
    assert [size.size for size in response.outputs["scores"].tensor_shape.dim] == [2, 2]


def test_every_dtype_comes_back_as_it_went(stub):
    import tensorflow as tf

    kinds = ("float32", "float64", "int32", "int64", "uint8", "bool", "float16")
    inputs = {kind: np.array([[0, 1]], kind) for kind in kinds} | {"string": np.array([[b"\xff\0", b""]], object)}
    response = stub.Predict(request_of(inputs, "types"), timeout=30)
    for name, array in inputs.items():
        answer = tf.make_ndarray(response.outputs[name])
        assert (answer.dtype, answer.tolist()) == (array.dtype, array.tolist())


def test_no_rows_are_answered_with_no_rows(stub):
    response = stub.Predict(request_of({"x": np.zeros(0, np.float32)}), timeout=30)
    assert [size.size for size in response.outputs["y"].tensor_shape.dim] == [0]


def test_nan_and_infinity_are_numbers(stub):
    response = stub.Predict(request_of({"x": np.array([np.nan, np.inf], np.float32)}), timeout=30)
    np.testing.assert_array_equal(response.outputs["y"].float_val, [np.nan, np.inf])


@pytest.mark.parametrize(
    ("inputs", "choices", "message"),
    [
        (X, {"signature": "sort"}, 'Serving signature key "sort" not found.'),
        (
            {},
            {},
            "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}.",
        ),
        (
            X | {"k": 1},
            {},
            "input size does not match signature: 2!=1 len({k,x}) != len({x}). Sent extra: {k}. "
            "Missing but required: {}.",
        ),
        (
            {"X": 1.0},
            {},
            "input tensor alias not found in signature: X. Inputs expected to be in the set {x}.",
        ),
        (
            X,
            {"output_filter": ["y", "w"]},
            "output tensor alias not found in signature: w Outputs expected to be in the set {y,z}.",
        ),
        (X, {"output_filter": ["y", "y"]}, "duplicate output tensor alias: y"),
        (
            {"x": np.array([1], np.int64)},
            {},
            "signature serving_default: input x is int64, float32 is expected",
        ),
        (
            {"x": np.array([b"a"])},
            {},
            "signature serving_default: input x is string, float32 is expected",
        ),
        (
            {"x": np.zeros((1, 2), np.float32)},
            {},
            "signature serving_default: input x has shape [1, 2], [?] is expected",
        ),
        ({"x": np.float32(1)}, {}, "signature serving_default: input x has shape [], [?] is expected"),
        (
            {"x": np.zeros((2, 3), np.float16)},
            {"signature": "float16"},
            "signature float16: input x has shape [2, 3], [?, 2] is expected",
        ),
    ],
)
def test_a_request_that_does_not_fit_is_invalid(stub, error_of, inputs, choices, message):
    assert error_of(stub.Predict, request_of(inputs, **choices)) == ("INVALID_ARGUMENT", message)


@pytest.mark.parametrize("letter", ["s", "é", "雨"])
def test_a_message_that_quotes_something_long_arrives(stub, error_of, letter):
    code, message = error_of(stub.Predict, request_of(X, letter * 100_000))
    assert code == "INVALID_ARGUMENT"
    assert message.startswith(f'Serving signature key "{letter}') and message.endswith(f"{letter}...")


def test_a_signature_of_no_method_is_refused(stub, error_of):
    methods = "{tensorflow/serving/predict, tensorflow/serving/classify, tensorflow/serving/regress}"
    expected = f"Expected prediction signature method_name to be one of {methods}. Was: "
    code, message = error_of(stub.Predict, request_of(X, "no_method"))
    assert (code, message.strip()) == ("INTERNAL", expected.strip())


def test_a_request_without_model_spec_is_invalid(stub, error_of):
    from tensorflow_serving.apis import predict_pb2

    assert error_of(stub.Predict, predict_pb2.PredictRequest()) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_an_unknown_model_is_not_found(stub, error_of):
    request = request_of(X, name="other")
    assert error_of(stub.Predict, request) == ("NOT_FOUND", "Servable not found for request: Latest(other)")


def malformed(dtype, sizes, unknown_rank=False, **values):
    request = request_of({}, {1: "double", 19: "float16"}.get(dtype, ""))
    proto = request.inputs["x"]
    proto.dtype = dtype
    for size in sizes:
        proto.tensor_shape.dim.add(size=size)
    proto.tensor_shape.unknown_rank = unknown_rank
    for field, value in values.items():
        if field == "tensor_content":
            proto.tensor_content = value
        else:
            getattr(proto, field).extend(value)
    return request


@pytest.mark.parametrize(
    ("dtype", "sizes", "fields"),
    [
        (1, [-1], {"float_val": [1]}),
        (1, [-(2**62)], {"float_val": [1]}),
        (1, [], {"unknown_rank": True, "float_val": [1]}),
        (1, [2], {"float_val": [1, 2, 3]}),
        (1, [2], {"tensor_content": b"\0" * 7}),
        (1, [2], {"tensor_content": b"\0" * 4}),
        # Shapes without the content: nothing may be allocated on their word.
        (1, [10**12], {"float_val": [1]}),
        (1, [2**62], {}),
        (19, [10**12, 2], {"half_val": [1]}),
        (19, [2**62, 2], {}),
    ],
)
def test_a_malformed_tensor_is_named(stub, error_of, dtype, sizes, fields):
    code, details = error_of(stub.Predict, malformed(dtype, sizes, **fields))
    assert code == "INVALID_ARGUMENT"
    assert details.startswith("tensor parsing error: x: ")
    assert "\n" not in details


@pytest.mark.parametrize("dtype", [0, 99, 101])
def test_a_dtype_that_is_none_is_named(stub, error_of, dtype):
    request = malformed(dtype, [1])
    code, details = error_of(stub.Predict, request)
    assert code == "INVALID_ARGUMENT"
    assert details.startswith("signature serving_default: input x is ")
    assert details.endswith(", float32 is expected")


def test_few_values_stand_for_the_last_one_repeated(stub):
    request = malformed(1, [1000], float_val=[1.5])
    assert list(stub.Predict(request, timeout=30).outputs["y"].float_val) == [3.0] * 1000
