"""The REST API over the wire: paths, both forms of Predict, Examples, limits, and every error with its status."""

import http.client
import json
import math

import pytest

MODEL = "/v1/models/methods"


@pytest.fixture(scope="module")
def call(methods_server):
    """A function that sends one request and returns the HTTP status and the body's text."""
    connection = http.client.HTTPConnection("127.0.0.1", methods_server.rest_port, timeout=30)

    def send(method, path, body=None):
        text = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, text)
        response = connection.getresponse()
        assert response.getheader("content-type") == "application/json"
        return response.status, response.read().decode()

    yield send
    connection.close()


@pytest.fixture(scope="module")
def post(call):
    def send(action, body):
        status, text = call("POST", f"{MODEL}:{action}", body)
        return status, json.loads(text)

    return send


def test_the_status_of_all_versions_and_of_one(call):
    version = {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in (MODEL, f"{MODEL}/versions/3"):
        status, text = call("GET", path)
        assert (status, json.loads(text)) == (200, {"model_version_status": [version]})


def test_the_metadata_has_the_signatures_with_all_fields(call):
    status, text = call("GET", f"{MODEL}/metadata")
    content = json.loads(text)
    assert status == 200
    assert content["model_spec"] == {"name": "methods", "signature_name": "", "version": "3"}
    signature = content["metadata"]["signature_def"]["signature_def"]["double"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["inputs"]["x"] == {
        "name": "dense:0",
        "dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False},
    }


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        # Row form: a value or list for each row, or an object with each input; two outputs make objects.
        ({"instances": [1, 2.5]}, {"predictions": [{"y": 2.0, "z": 3.0}, {"y": 5.0, "z": 7.5}]}),
        ({"instances": [{"x": 1}]}, {"predictions": [{"y": 2.0, "z": 3.0}]}),
        ({"signature_name": "double", "instances": [0.05, 1e30]}, {"predictions": [0.1, 2e30]}),
        # Column form: one tensor, or an object with each input.
        ({"inputs": [1, 2.5]}, {"outputs": {"y": [2.0, 5.0], "z": [3.0, 7.5]}}),
        ({"inputs": {"x": [1]}}, {"outputs": {"y": [2.0], "z": [3.0]}}),
        ({"signature_name": "double", "inputs": {"x": []}}, {"outputs": []}),
        ({"signature_name": "scalar", "inputs": 4}, {"outputs": {"y": 5.0, "z": [4.0, 4.0]}}),
        (
            {"signature_name": "texts", "instances": ["é", {"b64": "/w=="}]},
            {
                "predictions": [
                    {"raw_bytes": {"b64": "w6nDqQ=="}, "text": "é"},
                    {"raw_bytes": {"b64": "//8="}, "text": "�"},
                ]
            },
        ),
        ({"signature_name": "texts", "inputs": {"text": []}}, {"outputs": {"raw_bytes": [], "text": []}}),
    ],
)
def test_predict_answers_in_the_form_of_the_question(post, body, answer):
    assert post("predict", body) == (200, answer)


def test_every_dtype_comes_back_as_it_went(post):
    row = {
        "float32": [0.1, -3.4e38],
        "float64": [0.1, 1e300],
        "int32": [-(2**31), 2**31 - 1],
        "int64": [-(2**63), 2**63 - 1],
        "uint8": [0, 255],
        "bool": [True, False],
        "string": ["a", ""],
    }
    assert post("predict", {"signature_name": "json_types", "instances": [row]}) == (200, {"predictions": [row]})
    columns = {name: [values] for name, values in row.items()}
    assert post("predict", {"signature_name": "json_types", "inputs": columns}) == (200, {"outputs": columns})


def test_half_floats_are_written_and_not_read(post):
    body = {"signature_name": "half", "inputs": [0.1]}
    assert post("predict", body) == (200, {"outputs": [0.1]})
    assert post("predict", {"signature_name": "float16", "inputs": [[0, 1]]}) == (
        501,
        {"error": "Conversion of JSON Value to type: float16 (input x)"},
    )


def test_nan_and_infinity_are_written_and_read_as_in_javascript(call):
    body = b'{"signature_name": "special", "inputs": [1, NaN, -Infinity]}'
    status, text = call("POST", f"{MODEL}:predict", body)
    assert status == 200
    assert text.count("NaN") == 5 and text.count("-Infinity") == 2
    rows = json.loads(text)["outputs"]
    assert rows[0][:2] == [math.inf, -math.inf]


EXAMPLES = [{"x": 1.0, "y": [0.5]}, {"x": 0.25}]


@pytest.mark.parametrize(
    ("action", "body", "results"),
    [
        (
            "classify",
            {"signature_name": "classify", "examples": EXAMPLES},
            [[["ex", 1.0], ["why", 0.5]], [["ex", 0.25], ["why", 0.0]]],
        ),
        ("regress", {"signature_name": "regress", "examples": EXAMPLES}, [1.5, 0.25]),
        ("regress", {"signature_name": "regress", "examples": [{"x": 0.1}]}, [0.1]),
        ("regress", {"signature_name": "regress", "context": {"y": 8.0}, "examples": EXAMPLES}, [1.5, 8.25]),
    ],
)
def test_examples_are_classified_and_regressed(post, action, body, results):
    assert post(action, body) == (200, {"results": results})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "JSON Parse error: The document is empty"),
        (b"[" * 100_000, "JSON Parse error: The document is nested too deeply"),
        (b"{", "JSON Parse error: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[1]", "JSON Value: [1] Is not object"),
        ({}, "Missing 'inputs' or 'instances' key"),
        (
            {"signature_name": 1, "inputs": [1]},
            'JSON Value: {"signature_name": 1, "inputs": [1]} not formatted correctly. \'signature_name\' key must be '
            "a string value.",
        ),
        (
            {"signature_name": "sort", "inputs": [1]},
            'Serving signature name: "sort" not found in signature def',
        ),
        (
            {"inputs": [1], "instances": [1]},
            'JSON Value: {"inputs": [1], "instances": [1]} Not formatted correctly expecting only one of '
            "'inputs' or 'instances' keys to exist",
        ),
        ({"instances": 1}, "JSON Value: {\"instances\": 1} Excepting 'instances' to be an list/array"),
        ({"instances": []}, "JSON Value: {\"instances\": []} No values in 'instances' array"),
        (
            {"instances": [1, {"x": 1}]},
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            {"instances": [{"x": 1}, 2]},
            "Expecting object but got list at item 1 of input list",
        ),
        (
            {"instances": [{"z": 1}]},
            "Failed to process element: 0 key: z of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not "
            "have named input: z",
        ),
        (
            {"instances": [{}]},
            "Failed to process element: 0 of 'instances' list. JSON object: {} keys must be equal to: x",
        ),
        (
            {"instances": [1, "a"]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: JSON Value: \"a\" Type: "
            "String is not of expected type: float",
        ),
        (
            {"instances": [1, [2]]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting shape [] but got: "
            "[1]",
        ),
        (
            {"instances": [[1], [2, 3]]},
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 1 but "
            "got: 2",
        ),
        (
            {"signature_name": "types", "instances": [1]},
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        (
            {"signature_name": "types", "inputs": [1]},
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
            "tensorinfo_map",
        ),
        ({"inputs": {"X": [1]}}, "Missing named input: x in 'inputs' object."),
        (
            {"inputs": [True]},
            "JSON Value: true Type: True is not of expected type: float (input x)",
        ),
        (
            {"inputs": [None]},
            "JSON Value: null Type: Null is not of expected type: float (input x)",
        ),
        (
            {"inputs": [1, [2]]},
            "Encountered list at unexpected level: 1 expected < 1 (input x)",
        ),
        (
            {"inputs": [[1], 2]},
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2 (input x)",
        ),
        (
            {"inputs": [[1], [2, 3]]},
            "Encountered list at unexpected size: 2 at level: 1 expected size: 1 (input x)",
        ),
        (
            {"inputs": [2**24]},
            "Cannot convert JSON value: 16777216 to float without loss of precision. (input x)",
        ),
        ({"inputs": [1e39]}, "Cannot convert JSON value: 1e+39 to float without loss of precision. (input x)"),
        (
            {"inputs": [[1]]},
            "signature serving_default: input x has shape [1, 1], [?] is expected",
        ),
        (
            {"signature_name": "texts", "inputs": [{"b64": "%"}]},
            "Unable to base64 decode (input text)",
        ),
        (
            {"signature_name": "texts", "inputs": [{"b64": "", "more": 1}]},
            'JSON Value: {"b64": "", "more": 1} not formatted correctly for base64 data (input text)',
        ),
        (
            {"signature_name": "scalar", "instances": [1, 2]},
            "signature scalar: input x has shape [2], [] is expected",
        ),
    ],
)
def test_a_predict_body_that_does_not_fit_is_a_bad_request(call, body, message):
    status, text = call("POST", f"{MODEL}:predict", body)
    assert (status, json.loads(text)["error"].strip()) == (400, message)


def test_lists_deeper_than_any_tensor_are_a_bad_request(call):
    body = b'{"inputs": ' + b"[" * 500 + b"]" * 500 + b"}"
    status, text = call("POST", f"{MODEL}:predict", body)
    assert (status, json.loads(text)) == (400, {"error": "Lists are nested deeper than 32 levels (input x)"})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {},
            "JSON Value: {} When method is classify, key 'examples' is expected and was not found",
        ),
        ({"examples": 1}, "JSON Value: {\"examples\": 1} Expecting 'examples' value to be an list/array"),
        ({"examples": []}, "JSON Value: {\"examples\": []} 'examples' value is an empty array"),
        ({"examples": [1]}, "Example must be JSON object but got JSON Number"),
        ({"examples": [{}], "context": []}, "Example must be JSON object but got JSON Array"),
        ({"examples": [{"x": None}]}, "Feature: x has element with unexpected JSON type: Null"),
        ({"examples": [{"x": [[1]]}]}, "Feature: x has element with unexpected JSON type: Array"),
        ({"examples": [{"x": {"y": 1}}]}, "Feature: x has element with unexpected JSON type: Object"),
        (
            {"examples": [{"x": [1.5, 1]}]},
            "Unexpected element type in feature: x expecting type: float",
        ),
        ({"examples": [{"x": 2**63}]}, "Feature: x has uint64 element. Only int64 is supported."),
        ({"examples": [{"x": 1e39}]}, "Cannot convert JSON value: 1e+39 to float without loss of precision."),
        (
            {"examples": [{"x": 1.0}]},
            "Expected classification signature method_name to be tensorflow/serving/classify. "
            "Was: tensorflow/serving/predict",
        ),
    ],
)
def test_examples_that_do_not_fit_are_a_bad_request(post, body, message):
    assert post("classify", body) == (400, {"error": message})


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "/v1/models/other:predict", 404, "Servable not found for request: Latest(other)"),
        (
            "POST",
            "/v1/models/methods/versions/7:predict",
            404,
            "Servable not found for request: Specific(methods, 7)",
        ),
        ("POST", "/v1/models/methods/labels/new:predict", 400, "Unrecognized servable version label: new"),
        (
            "GET",
            "/v1/models/methods/versions/99999999999999999999",
            400,
            "Failed to convert version: 99999999999999999999 to numeric.",
        ),
        ("GET", "/v1/models/other", 404, "Could not find any versions of model other"),
        ("GET", "/v1/models/a%2Fb", 404, "Could not find any versions of model a/b"),
        ("GET", "/v1/models", 400, "Missing model name in request."),
        ("POST", "/v1/models/methods:rank", 400, "Malformed request: POST /v1/models/methods:rank"),
        ("PUT", "/v1/models/methods:predict", 400, "Malformed request: PUT /v1/models/methods:predict"),
        ("GET", "/v1/models/methods/versions/x", 400, "Malformed request: GET /v1/models/methods/versions/x"),
        ("GET", "/elsewhere", 404, "Not Found"),
    ],
)
def test_what_is_not_there_is_told_in_json(call, method, path, status, message):
    body = {"inputs": [1]} if method == "POST" else None
    answer = call(method, path, body)
    assert (answer[0], json.loads(answer[1])) == (status, {"error": message})


def test_a_body_over_the_limit_is_refused_and_the_connection_lives(call):
    assert call("POST", f"{MODEL}:predict", b"[" * 5_000_000) == (
        413,
        '{"error": "The request\'s body is larger than 1000000 bytes"}',
    )
    assert call("POST", f"{MODEL}:predict", {"inputs": [1]})[0] == 200


def test_a_request_that_takes_too_long_is_a_gateway_timeout(call, methods_server, monkeypatch):
    import threading

    from serving.model_server.loaded_model import LoadedModel
    from serving.model_server.rest.app import rest_app
    from serving.model_server.rest_server import RestServer

    released = threading.Event()
    monkeypatch.setattr(LoadedModel, "run", lambda *_: released.wait(20))
    app = rest_app(methods_server.answering, methods_server.models, timeout_seconds=0.2)
    server = RestServer(app, "127.0.0.1", 0, drain_seconds=1.0)
    connection = http.client.HTTPConnection("127.0.0.1", server.start(), timeout=30)
    connection.request("POST", f"{MODEL}:predict", '{"inputs": [1]}')
    response = connection.getresponse()
    assert (response.status, json.loads(response.read())) == (504, {"error": "The request was not answered in time"})
    released.set()
    connection.close()
    server.stop()


def test_requests_are_reported_as_rest(post, methods_server):
    import grpc

    methods_server.finished.clear()
    post("predict", {"inputs": [1]})
    post("predict", {"inputs": ["a"]})
    post("classify", {"signature_name": "classify", "examples": EXAMPLES})
    reported = [(one.method, one.entrypoint, one.signature, one.code) for one in methods_server.finished]
    assert reported == [
        ("Predict", "rest", "serving_default", grpc.StatusCode.OK),
        ("Predict", "rest", "serving_default", grpc.StatusCode.INVALID_ARGUMENT),
        ("Classify", "rest", "classify", grpc.StatusCode.OK),
    ]
    assert methods_server.finished[0].request.inputs["x"].float_val[:] == [1.0]


def test_the_metrics_are_at_their_own_path(methods_server):
    from serving.model_server.monitoring import Monitoring
    from serving.model_server.rest.app import rest_app
    from serving.model_server.rest_server import RestServer

    app = rest_app(methods_server.answering, methods_server.models, Monitoring("/metrics"))
    server = RestServer(app, "127.0.0.1", 0, drain_seconds=1.0)
    connection = http.client.HTTPConnection("127.0.0.1", server.start(), timeout=30)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("content-type").startswith("text/plain")
    assert b":tensorflow:serving:request_count" in response.read()
    connection.close()
    server.stop()
