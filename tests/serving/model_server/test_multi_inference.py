"""MultiInference over the wire: several signatures in one run, and every combination that is refused."""

import pytest

CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
EXAMPLES = [{"x": 1.0, "y": 0.5}, {"x": 0.25}]


@pytest.fixture(scope="module")
def request_of(fill_examples):
    def build(*tasks, examples=EXAMPLES):
        from tensorflow_serving.apis import inference_pb2

        request = inference_pb2.MultiInferenceRequest()
        for name, signature, method in tasks:
            task = request.tasks.add(method_name=method)
            task.model_spec.name = name
            task.model_spec.signature_name = signature
        fill_examples(request.input, examples)
        return request

    return build


def test_each_task_gets_its_result_in_order(stub, request_of):
    tasks = [("methods", "regress", REGRESS), ("methods", "classify", CLASSIFY), ("methods", "scores", CLASSIFY)]
    response = stub.MultiInference(request_of(*tasks), timeout=30)
    regression, classification, scores = response.results
    assert [row.value for row in regression.regression_result.regressions] == [1.5, 0.25]
    rows = classification.classification_result.classifications
    assert [[(one.label, one.score) for one in row.classes] for row in rows] == [
        [("ex", 1.0), ("why", 0.5)],
        [("ex", 0.25), ("why", 0.0)],
    ]
    assert [one.score for one in scores.classification_result.classifications[0].classes] == [1.0, 0.5]
    for result, (name, signature, _) in zip(response.results, tasks, strict=True):
        spec = result.model_spec
        assert (spec.name, spec.version.value, spec.signature_name) == (name, 3, signature)


def test_all_tasks_are_one_run_of_the_graph(stub, request_of):
    tasks = [("methods", "random", REGRESS), ("methods", "random_doubled", REGRESS)]
    first, second = stub.MultiInference(request_of(*tasks), timeout=30).results
    values = [row.value for row in first.regression_result.regressions]
    # Two runs would draw twice.
    assert [row.value for row in second.regression_result.regressions] == [2 * value for value in values]


@pytest.mark.parametrize(
    ("tasks", "code", "message"),
    [
        ([], "INVALID_ARGUMENT", "ModelSpec has no name specified."),
        (
            [("methods", "regress", REGRESS), ("", "scores", CLASSIFY)],
            "INVALID_ARGUMENT",
            "Found ModelSpec with an empty model name.",
        ),
        (
            [("methods", "regress", REGRESS), ("other", "scores", CLASSIFY)],
            "INVALID_ARGUMENT",
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.",
        ),
        (
            [("methods", "regress", REGRESS), ("methods", "regress", REGRESS)],
            "INVALID_ARGUMENT",
            "Duplicate evaluation of signature: regress",
        ),
        (
            [("methods", "sort", REGRESS)],
            "INVALID_ARGUMENT",
            "Requested signature not found in model graph: sort",
        ),
        (
            [("methods", "classify", REGRESS)],
            "INVALID_ARGUMENT",
            f"Expected regression signature method_name to be {REGRESS}. Was: {CLASSIFY}",
        ),
        (
            [("methods", "", "tensorflow/serving/predict")],
            "UNIMPLEMENTED",
            "Unsupported signature method_name: tensorflow/serving/predict",
        ),
        ([("other", "regress", REGRESS)], "NOT_FOUND", "Servable not found for request: Latest(other)"),
    ],
)
def test_other_combinations_are_refused(stub, error_of, request_of, tasks, code, message):
    assert error_of(stub.MultiInference, request_of(*tasks)) == (code, message)


def test_no_examples_are_refused(stub, error_of, request_of):
    request = request_of(("methods", "regress", REGRESS), examples=[])
    assert error_of(stub.MultiInference, request) == ("INVALID_ARGUMENT", "Input is empty.")
