"""The JSON of `:predict`: `instances`, a list of rows, or `inputs`, one tensor per input; answers in the same form."""

import json
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.rest.json_tensor import DenseValues, read_values, write_proto
from serving.model_server.rest.json_value import encode_base64, is_base64, quote
from serving.model_server.signature import Signature, read_array

INSTANCES, INPUTS = "instances", "inputs"
_BYTES_SUFFIX = "_bytes"


class Form(Enum):
    """How a body holds its tensors; the values are the keys of the answer."""

    ROW = "predictions"
    COLUMN = "outputs"


def read_predict_body(body: dict[str, Any], signature: Signature, tensors: Any) -> Form:
    """Fill a PredictRequest's inputs from a JSON body.

    Args:
        body: The JSON object.
        signature: The signature that is to run.
        tensors: The empty map of input name -> TensorProto to fill.

    Returns:
        The form that the body has; the answer takes the same.

    Raises:
        RequestError: INVALID_ARGUMENT for a body that does not fit the signature, in TensorFlow Serving's words.
    """
    if not signature.inputs:
        raise invalid_argument(f"Failed to get input map for signature: {signature.name}")
    if INSTANCES in body and INPUTS in body:
        raise _format_error(
            body, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
        )
    if INSTANCES in body:
        instances = body[INSTANCES]
        if not isinstance(instances, list):
            raise _format_error(body, "Excepting 'instances' to be an list/array")
        if not instances:
            raise _format_error(body, "No values in 'instances' array")
        _read_rows(instances, signature, tensors)
        return Form.ROW
    if INPUTS in body:
        _read_columns(body[INPUTS], signature, tensors)
        return Form.COLUMN
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def write_predict_body(outputs: Any, form: Form) -> bytes:
    """Return the JSON of a PredictResponse's outputs.

    Strings of outputs whose name ends in `_bytes` are written as base64 objects, all others as text.

    Args:
        outputs: Map of output name -> TensorProto.
        form: Row form has one element per row, column form one tensor per output; with one output, its name is left
            out.

    Raises:
        RequestError: INVALID_ARGUMENT for outputs that have no rows or unequal numbers of them in row form, and for a
            dtype that JSON cannot hold.
    """
    arrays = {name: read_array(name, outputs[name]) for name in sorted(outputs)}
    if form is Form.ROW:
        _check_rows(arrays)
    values = {name: _to_json(name, array) for name, array in arrays.items()}
    content: Any
    if len(values) == 1:
        content = next(iter(values.values()))
    elif form is Form.ROW:
        content = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        content = values
    return json.dumps({form.value: content}, ensure_ascii=False).encode()


def shortest_floats(array: NDArray[Any]) -> Any:
    """Return nested lists of floats that print with no more digits than their dtype holds: 0.1, not 0.10000000149."""
    if array.dtype == np.float64:
        return array.tolist()
    return array.astype(str).astype(np.float64).tolist()


def _read_rows(instances: list[Any], signature: Signature, tensors: Any) -> None:
    if not _is_object(instances[0]) and len(signature.inputs) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    rows: dict[str, list[DenseValues]] = {name: [] for name in signature.inputs}
    are_objects = _is_object(instances[0])
    for number, instance in enumerate(instances):
        if _is_object(instance) != are_objects:
            wanted, got = ("object", "list") if are_objects else ("value/list", "object")
            raise invalid_argument(f"Expecting {wanted} but got {got} at item {number} of input list")
        if are_objects:
            _read_object(number, instance, signature, rows)
        else:
            name = next(iter(signature.inputs))
            _read_element(f"element: {number}", name, instance, signature, rows)
    for name, elements in rows.items():
        shape = (len(elements), *elements[0].shape)
        values = [value for element in elements for value in element.values]
        write_proto(values, shape, signature.inputs[name].dtype, tensors[name])


def _read_object(
    number: int, instance: dict[str, Any], signature: Signature, rows: dict[str, list[DenseValues]]
) -> None:
    for name, value in instance.items():
        _read_element(f"element: {number} key: {name}", name, value, signature, rows)
    if instance.keys() != signature.inputs.keys():
        raise invalid_argument(
            f"Failed to process element: {number} of 'instances' list. JSON object: {quote(instance)} keys must be "
            f"equal to: {','.join(sorted(signature.inputs))}"
        )


def _read_element(where: str, name: str, value: Any, signature: Signature, rows: dict[str, list[DenseValues]]) -> None:
    try:
        if name not in signature.inputs:
            raise invalid_argument(f"JSON object: does not have named input: {name}")
        element = read_values(value, signature.inputs[name].dtype)
        if rows[name]:
            _check_same_shape(rows[name][0], element)
    except RequestError as error:
        message = f"Failed to process {where} of 'instances' list. Error: {error.code.name}: {error}"
        raise invalid_argument(message) from error
    rows[name].append(element)


def _check_same_shape(first: DenseValues, element: DenseValues) -> None:
    if len(element.values) != len(first.values):
        raise invalid_argument(f"Expecting tensor size: {len(first.values)} but got: {len(element.values)}")
    if element.shape != first.shape:
        raise invalid_argument(f"Expecting shape {_shape_text(first)} but got: {_shape_text(element)}")


def _read_columns(inputs: Any, signature: Signature, tensors: Any) -> None:
    if not _is_object(inputs):
        if len(signature.inputs) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        inputs = {next(iter(signature.inputs)): inputs}
    for name, expected in signature.inputs.items():
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        try:
            column = read_values(inputs[name], expected.dtype)
        except RequestError as error:
            raise RequestError(error.code, f"{error} (input {name})") from error
        write_proto(column.values, column.shape, expected.dtype, tensors[name])


def _check_rows(arrays: dict[str, NDArray[Any]]) -> None:
    batch_size = -1
    for name, array in arrays.items():
        if not array.ndim:
            raise invalid_argument(f"Tensor name: {name} has no shape information")
        if batch_size not in (-1, len(array)):
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {batch_size}"
            )
        batch_size = len(array)


def _to_json(name: str, array: NDArray[Any]) -> Any:
    if array.dtype.kind == "f":
        return shortest_floats(array)
    if array.dtype.kind in "biu":
        return array.tolist()
    if array.dtype != object:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {array.dtype}")
    write = encode_base64 if name.endswith(_BYTES_SUFFIX) else _to_text
    written = np.empty(array.shape, dtype=object)
    written.ravel()[:] = [write(value) for value in array.ravel()]
    return written.tolist()


def _to_text(value: bytes) -> str:
    # The text of JSON is UTF-8: what is not cannot be carried as it is.
    return value.decode("utf-8", "replace")


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _shape_text(element: DenseValues) -> str:
    return "[" + ",".join(str(size) for size in element.shape) + "]"


def _format_error(body: dict[str, Any], message: str) -> RequestError:
    return invalid_argument(f"JSON Value: {quote(body)} {message}")
