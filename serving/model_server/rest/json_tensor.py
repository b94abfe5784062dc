"""JSON values to TensorProto messages: nested lists of numbers, strings, booleans and base64 objects."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from serving.model_server.errors import RequestError, invalid_argument
from serving.model_server.rest.json_value import decode_base64, quote, type_name
from serving.model_server.signature import dtype_name


@dataclass(frozen=True)
class DenseValues:
    """The values of one JSON tensor.

    Attributes:
        shape: Its sizes.
        values: Its numbers, booleans or bytes, row by row.
    """

    shape: tuple[int, ...]
    values: list[Any]


@dataclass(frozen=True)
class _Kind:
    """How values of one dtype are checked and where a TensorProto keeps them."""

    field: str
    is_valid: Callable[[Any], bool]
    largest: float | None = None
    """Largest number that fits; None for dtypes of which `is_valid` knows."""
    largest_whole: int | None = None
    """Largest whole number below which all of them are held exactly."""


def _whole(bits: int, signed: bool) -> Callable[[Any], bool]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
    return lambda value: type(value) is int and low <= value < high


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


_KINDS = {
    tf.float32: _Kind("float_val", _is_number, float(np.finfo(np.float32).max), 2**24 - 1),
    tf.float64: _Kind("double_val", _is_number, float(np.finfo(np.float64).max), 2**53 - 1),
    tf.int32: _Kind("int_val", _whole(32, signed=True)),
    tf.int16: _Kind("int_val", _whole(16, signed=True)),
    tf.int8: _Kind("int_val", _whole(8, signed=True)),
    tf.uint8: _Kind("int_val", _whole(8, signed=False)),
    tf.int64: _Kind("int64_val", _whole(64, signed=True)),
    tf.uint32: _Kind("uint32_val", _whole(32, signed=False)),
    tf.uint64: _Kind("uint64_val", _whole(64, signed=False)),
    tf.bool: _Kind("bool_val", lambda value: isinstance(value, bool)),
    tf.string: _Kind("string_val", lambda value: isinstance(value, str)),
}
_BY_CODE = {int(dtype.as_datatype_enum): kind for dtype, kind in _KINDS.items()}
_STRING = int(tf.string.as_datatype_enum)
_MOST_DIMENSIONS = 32
"""NumPy's own bound."""
# TensorFlow Serving's messages call them as C++ does.
_DECIMAL_NAMES = {"float32": "float", "float64": "double"}


def read_values(value: Any, dtype: int) -> DenseValues:
    """Return the values of a JSON value: a scalar, or lists of equal length at every level.

    Args:
        value: The JSON value.
        dtype: Code of TensorFlow's `DataType` that the values must fit.

    Raises:
        RequestError: INVALID_ARGUMENT for lists of unequal length and values that do not fit, UNIMPLEMENTED for a
            dtype that JSON cannot hold.
    """
    shape = _first_shape(value)
    values: list[Any] = []
    _flatten(value, shape, 0, values)
    return DenseValues(shape, _convert(values, dtype))


def write_proto(values: list[Any], shape: tuple[int, ...], dtype: int, proto: Any) -> None:
    """Write values that `read_values` gave into an empty TensorProto.

    Args:
        values: The values, row by row.
        shape: Sizes of the tensor.
        dtype: Code of TensorFlow's `DataType`.
        proto: Message to fill.
    """
    assert len(values) == math.prod(shape)
    proto.dtype = dtype
    # A scalar has a shape with no dimensions; setting it apart from "no shape given" needs the explicit presence.
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, _BY_CODE[dtype].field).extend(values)


def _first_shape(value: Any) -> tuple[int, ...]:
    """Return the shape that the first element of each level tells; `_flatten` holds the others to it."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        if len(shape) > _MOST_DIMENSIONS:
            raise invalid_argument(f"Lists are nested deeper than {_MOST_DIMENSIONS} levels")
        value = value[0] if value else None
    return tuple(shape)


def _flatten(value: Any, shape: tuple[int, ...], level: int, values: list[Any]) -> None:
    if not isinstance(value, list):
        if level != len(shape):
            raise invalid_argument(
                f"JSON Value: {quote(value)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {len(shape)}"
            )
        values.append(value)
        return
    if level >= len(shape):
        raise invalid_argument(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        raise invalid_argument(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: {shape[level]}"
        )
    for element in value:
        _flatten(element, shape, level + 1, values)


def _convert(values: list[Any], dtype: int) -> list[Any]:
    kind = _BY_CODE.get(dtype)
    if kind is None:
        message = f"Conversion of JSON Value to type: {dtype_name(dtype)}"
        raise RequestError(grpc.StatusCode.UNIMPLEMENTED, message)
    if dtype == _STRING:
        return [_to_bytes(value) for value in values]
    for value in values:
        if not kind.is_valid(value):
            raise _type_error(value, dtype)
        if kind.largest is not None:
            _check_precision(value, kind, dtype)
    return values


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        # A lone surrogate is possible in JSON and impossible in UTF-8.
        return value.encode("utf-8", "replace")
    if isinstance(value, dict):
        return decode_base64(value)
    raise _type_error(value, _STRING)


def _check_precision(value: float, kind: _Kind, dtype: int) -> None:
    assert kind.largest is not None and kind.largest_whole is not None
    # NaN and the infinities are values like any other.
    if isinstance(value, float):
        lossy = math.isfinite(value) and abs(value) > kind.largest
    else:
        lossy = abs(value) > kind.largest_whole
    if lossy:
        target = _type_text(dtype)
        raise invalid_argument(f"Cannot convert JSON value: {quote(value)} to {target} without loss of precision.")


def _type_error(value: Any, dtype: int) -> RequestError:
    expected = _type_text(dtype)
    return invalid_argument(f"JSON Value: {quote(value)} Type: {type_name(value)} is not of expected type: {expected}")


def _type_text(dtype: int) -> str:
    name = dtype_name(dtype)
    return _DECIMAL_NAMES.get(name, name)
