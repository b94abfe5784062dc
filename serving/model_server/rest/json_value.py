"""JSON text to and from Python values, as TensorFlow Serving reads and writes it."""

import base64
import binascii
import json
from typing import Any

from serving.model_server.errors import invalid_argument

LONGEST_QUOTE = 100
"""Characters of a wrong value that an error message quotes."""
_BASE64 = "b64"
_UINT64_END = 2**64
_INT64_BEGIN = -(2**63)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request's body; NaN, Infinity and -Infinity are numbers.

    Raises:
        RequestError: INVALID_ARGUMENT for anything that is no JSON object.
    """
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        value = json.loads(body, parse_int=_parse_int)
    except RecursionError as error:
        raise invalid_argument("JSON Parse error: The document is nested too deeply") from error
    # Wrong UTF-8 and wrong JSON are both ValueErrors.
    except ValueError as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error
    if not isinstance(value, dict):
        raise invalid_argument(f"JSON Value: {quote(value)} Is not object")
    return value


def read_signature_name(body: dict[str, Any]) -> str:
    """Return the value of `signature_name`, "" without one.

    Raises:
        RequestError: INVALID_ARGUMENT if it is no string.
    """
    name = body.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {quote(body)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "..."}`, which stands for bytes."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get(_BASE64), str)


def decode_base64(value: Any) -> bytes:
    """Return the bytes that `{"b64": "..."}` stands for.

    Raises:
        RequestError: INVALID_ARGUMENT if the value is not of that form.
    """
    if not is_base64(value):
        raise invalid_argument(f"JSON Value: {quote(value)} not formatted correctly for base64 data")
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_argument("Unable to base64 decode") from error


def encode_base64(content: bytes) -> dict[str, str]:
    """Return the JSON value that stands for bytes."""
    return {_BASE64: base64.b64encode(content).decode("ascii")}


def type_name(value: Any) -> str:
    """Return what JSON calls the type of a value: "Null", "True", "False", "Object", "Array", "String" or "Number"."""
    if value is None or isinstance(value, bool):
        return {None: "Null", True: "True", False: "False"}[value]
    names: dict[type, str] = {dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def quote(value: Any) -> str:
    """Return a value as JSON for an error message, cut off if it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}..."


def _parse_int(text: str) -> int | float:
    # As RapidJSON: a whole number that 64 bits cannot hold is a decimal one.
    if len(text) > len(str(_UINT64_END)):
        return float(text)
    number = int(text)
    return number if _INT64_BEGIN <= number < _UINT64_END else float(text)
