"""Regress over the wire: one number for each Example, and every signature that TensorFlow Serving refuses."""

import pytest


@pytest.fixture(scope="module")
def request_of(fill_examples):
    def build(signature, examples, context=None):
        from tensorflow_serving.apis import regression_pb2

        request = regression_pb2.RegressionRequest()
        request.model_spec.name = "methods"
        request.model_spec.signature_name = signature
        fill_examples(request.input, examples, context)
        return request

    return build


EXAMPLES = [{"x": 1.0, "y": 0.5}, {"x": 0.25}]


@pytest.mark.parametrize(("signature", "values"), [("regress", [1.5, 0.25]), ("regress_column", [0.5, 0.25])])
def test_each_example_gets_a_number(stub, request_of, signature, values):
    response = stub.Regress(request_of(signature, EXAMPLES), timeout=30)
    assert [row.value for row in response.result.regressions] == values
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("methods", 3, signature)


def test_a_context_fills_what_an_example_lacks(stub, request_of):
    response = stub.Regress(request_of("regress", EXAMPLES, context={"y": 8.0}), timeout=30)
    assert [row.value for row in response.result.regressions] == [1.5, 8.25]


METHOD = "tensorflow/serving/regress"


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("sort", "INVALID_ARGUMENT", "No signature was found with the name: sort"),
        (
            "",
            "INVALID_ARGUMENT",
            f"Expected regression signature method_name to be {METHOD}. Was: tensorflow/serving/predict",
        ),
        (
            "classify",
            "INVALID_ARGUMENT",
            f"Expected regression signature method_name to be {METHOD}. Was: tensorflow/serving/classify",
        ),
        ("regress_two_outputs", "INVALID_ARGUMENT", "Expected one output Tensor."),
        (
            "regress_other_output",
            "FAILED_PRECONDITION",
            "No regression outputs found in SignatureDef: regress_other_output",
        ),
        (
            "regress_matrix",
            "INVALID_ARGUMENT",
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got [2, 2]",
        ),
        ("regress_batch", "INVALID_ARGUMENT", "Input batch size did not match output batch size: 2 vs. 4"),
        ("regress_double", "INVALID_ARGUMENT", "Expected output Tensor of DT_FLOAT. Got: DT_DOUBLE"),
    ],
)
def test_other_signatures_are_refused(stub, error_of, request_of, signature, code, message):
    assert error_of(stub.Regress, request_of(signature, EXAMPLES)) == (code, message)


def test_no_examples_are_refused(stub, error_of, request_of):
    assert error_of(stub.Regress, request_of("regress", [])) == ("INVALID_ARGUMENT", "Input is empty.")
