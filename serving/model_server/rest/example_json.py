"""The JSON of `:classify` and `:regress`: Examples as objects of feature name -> value or list; lists of results."""

import json
from typing import Any

import numpy as np

from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.rest.json_value import decode_base64, is_base64, quote, type_name
from serving.model_server.rest.predict_json import shortest_floats

EXAMPLES, CONTEXT = "examples", "context"
_LARGEST_FLOAT = float(np.finfo(np.float32).max)
_INT64_END = 2**63


def read_example_body(body: dict[str, Any], message: Any) -> None:
    """Fill an Input message from a JSON body with `examples` and perhaps `context`.

    Args:
        body: The JSON object.
        message: Empty Input of a ClassificationRequest or RegressionRequest.

    Raises:
        RequestError: INVALID_ARGUMENT for a body of another form, in TensorFlow Serving's words.
    """
    target = message.example_list
    if CONTEXT in body:
        target = message.example_list_with_context
        _read_example(body[CONTEXT], target.context)
    examples = body.get(EXAMPLES)
    if EXAMPLES not in body:
        raise _format_error(body, "When method is classify, key 'examples' is expected and was not found")
    if not isinstance(examples, list):
        raise _format_error(body, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _format_error(body, "'examples' value is an empty array")
    for example in examples:
        _read_example(example, target.examples.add())


def write_classifications(result: Any) -> bytes:
    """Return the JSON of a ClassificationResult: for each Example the list of its [label, score] pairs."""
    results = [
        [[one.label, score] for one, score in zip(classes, _shortest([one.score for one in classes]), strict=True)]
        for classes in (row.classes for row in result.classifications)
    ]
    return json.dumps({"results": results}, ensure_ascii=False).encode()


def write_regressions(result: Any) -> bytes:
    """Return the JSON of a RegressionResult: one number for each Example."""
    return json.dumps({"results": _shortest([row.value for row in result.regressions])}).encode()


def _shortest(values: list[float]) -> list[float]:
    floats: list[float] = shortest_floats(np.array(values, np.float32))
    return floats


def _read_example(value: Any, example: Any) -> None:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {type_name(value)}")
    for name, content in value.items():
        # A feature without a value is a feature all the same.
        feature = example.features.feature[name]
        for element in content if isinstance(content, list) else [content]:
            _add_value(element, name, feature)


def _add_value(value: Any, name: str, feature: Any) -> None:
    if isinstance(value, bool) or type(value) is int:
        if value >= _INT64_END:
            raise invalid_argument(f"Feature: {name} has uint64 element. Only int64 is supported.")
        _list_of("int64", name, feature).append(int(value))
    elif isinstance(value, float):
        if np.isfinite(value) and abs(value) > _LARGEST_FLOAT:
            raise invalid_argument(f"Cannot convert JSON value: {quote(value)} to float without loss of precision.")
        _list_of("float", name, feature).append(value)
    elif isinstance(value, str):
        _list_of("bytes", name, feature).append(value.encode("utf-8", "replace"))
    elif is_base64(value):
        _list_of("bytes", name, feature).append(decode_base64(value))
    else:
        raise invalid_argument(f"Feature: {name} has element with unexpected JSON type: {type_name(value)}")


def _list_of(kind: str, name: str, feature: Any) -> Any:
    present = feature.WhichOneof("kind")
    if present not in (None, f"{kind}_list"):
        expected = present.removesuffix("_list")
        raise invalid_argument(f"Unexpected element type in feature: {name} expecting type: {expected}")
    return getattr(feature, f"{kind}_list").value


def _format_error(body: dict[str, Any], message: str) -> RequestError:
    return invalid_argument(f"JSON Value: {quote(body)} {message}")
