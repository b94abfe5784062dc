"""Classify over the wire: classes and scores of Examples, and every signature that TensorFlow Serving refuses."""

import pytest


@pytest.fixture(scope="module")
def request_of(fill_examples):
    def build(signature, examples, context=None):
        from tensorflow_serving.apis import classification_pb2

        request = classification_pb2.ClassificationRequest()
        request.model_spec.name = "methods"
        request.model_spec.signature_name = signature
        fill_examples(request.input, examples, context)
        return request

    return build


def rows_of(response):
    return [[(one.label, one.score) for one in row.classes] for row in response.result.classifications]


EXAMPLES = [{"x": 1.0, "y": 0.5}, {"x": 0.25}]


def test_each_example_gets_its_classes_with_scores(stub, request_of):
    response = stub.Classify(request_of("classify", EXAMPLES), timeout=30)
    assert rows_of(response) == [[("ex", 1.0), ("why", 0.5)], [("ex", 0.25), ("why", 0.0)]]
    spec = response.model_spec
    assert (spec.name, spec.version.value, spec.signature_name) == ("methods", 3, "classify")


def test_a_signature_may_have_scores_alone_or_classes_alone(stub, request_of):
    assert rows_of(stub.Classify(request_of("scores", EXAMPLES), timeout=30)) == [
        [("", 1.0), ("", 0.5)],
        [("", 0.25), ("", 0.0)],
    ]
    assert rows_of(stub.Classify(request_of("classes", EXAMPLES[:1]), timeout=30)) == [[("ex", 0.0), ("why", 0.0)]]


def test_a_context_fills_what_an_example_lacks(stub, request_of):
    response = stub.Classify(request_of("scores", EXAMPLES, context={"y": 8.0}), timeout=30)
    assert rows_of(response) == [[("", 1.0), ("", 0.5)], [("", 0.25), ("", 8.0)]]


METHOD = "tensorflow/serving/classify"


@pytest.mark.parametrize(
    ("signature", "code", "message"),
    [
        ("sort", "INVALID_ARGUMENT", "No signature was found with the name: sort"),
        (
            "",
            "INVALID_ARGUMENT",
            f"Expected classification signature method_name to be {METHOD}. Was: tensorflow/serving/predict",
        ),
        (
            "regress",
            "INVALID_ARGUMENT",
            f"Expected classification signature method_name to be {METHOD}. Was: tensorflow/serving/regress",
        ),
        ("classify_two_inputs", "INVALID_ARGUMENT", "Expected one input Tensor."),
        ("classify_three_outputs", "INVALID_ARGUMENT", "Expected one or two output Tensors, found 3"),
        (
            "classify_other_input",
            "FAILED_PRECONDITION",
            "No classification inputs found in SignatureDef: classify_other_input",
        ),
        (
            "classify_other_output",
            "FAILED_PRECONDITION",
            'Expected classification signature outputs to contain at least one of "classes" or "scores". '
            "Signature was: classify_other_output",
        ),
        ("classify_dense", "INVALID_ARGUMENT", "Expects arg[0] to be float32 but string is provided"),
        ("classify_vector", "INVALID_ARGUMENT", "Expected Tensor shape: [batch_size num_classes] but got [2]"),
        ("classify_whole", "INVALID_ARGUMENT", "Expected scores Tensor of DT_FLOAT. Got: DT_INT64"),
        ("classify_numbers", "INVALID_ARGUMENT", "Expected classes Tensor of DT_STRING. Got: DT_FLOAT"),
        ("classify_batch", "INVALID_ARGUMENT", "Expected scores output batch size of 2. Got: 4"),
        (
            "classify_widths",
            "INVALID_ARGUMENT",
            "Tensors class and score should match in dim_size(1). Got 2 vs. 1",
        ),
    ],
)
def test_other_signatures_are_refused(stub, error_of, request_of, signature, code, message):
    assert error_of(stub.Classify, request_of(signature, EXAMPLES)) == (code, message)


@pytest.mark.parametrize(("examples", "context"), [([], None), ([], {"x": 1.0})])
def test_no_examples_are_refused(stub, error_of, request_of, examples, context):
    request = request_of("classify", examples, context)
    assert error_of(stub.Classify, request) == ("INVALID_ARGUMENT", "Input is empty.")


def test_a_request_without_model_spec_is_invalid(stub, error_of):
    from tensorflow_serving.apis import classification_pb2

    request = classification_pb2.ClassificationRequest()
    assert error_of(stub.Classify, request) == ("INVALID_ARGUMENT", "Missing ModelSpec")


def test_what_is_not_a_feature_of_the_model_is_an_error_of_the_request(stub, error_of, request_of):
    request = request_of("classify", EXAMPLES)
    request.input.example_list.examples[1].features.feature["x"].bytes_list.value.append(b"text")
    code, message = error_of(stub.Classify, request)
    assert code == "INVALID_ARGUMENT"
    assert "Key: x" in message and "\n" not in message
