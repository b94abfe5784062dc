"""NumPy arrays to and from TensorProto messages, without TensorFlow.

The functions take TensorFlow's own TensorProto as well as the one in `serving.messages`: both have the same fields.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.messages import TensorProto


@dataclass(frozen=True)
class _DType:
    """One element type: its code in TensorFlow's `DataType`, its NumPy type, and the field with its values."""

    code: int
    numpy: np.dtype[Any]
    field: str


_STRING = _DType(7, np.dtype(object), "string_val")
_DTYPES = (
    _DType(1, np.dtype(np.float32), "float_val"),
    _DType(2, np.dtype(np.float64), "double_val"),
    _DType(3, np.dtype(np.int32), "int_val"),
    _DType(9, np.dtype(np.int64), "int64_val"),
    _DType(10, np.dtype(np.bool_), "bool_val"),
    _STRING,
)
_BY_CODE = {dtype.code: dtype for dtype in _DTYPES}
_BY_NUMPY = {dtype.numpy: dtype for dtype in _DTYPES}


def is_supported(dtype: np.dtype[Any]) -> bool:
    """Whether `write_tensor` takes arrays of this type."""
    return dtype.kind in "US" or dtype in _BY_NUMPY


def write_tensor(array: NDArray[Any], proto: Any) -> None:
    """Write an array into an empty TensorProto.

    Values go into the typed fields (`float_val`, ...), as TensorFlow Serving answers, and not into `tensor_content`,
    so that clients in any language can read them.

    Args:
        array: Any shape; float32, float64, int32, int64, bool, or strings (`str` is written as UTF-8).
        proto: Message to fill.

    Raises:
        ValueError: The type of the array or of one of its values is not supported.
    """
    dtype = _STRING if array.dtype.kind in "US" else _BY_NUMPY.get(array.dtype)
    if dtype is None:
        raise ValueError(f"an array of type {array.dtype} cannot be sent as a tensor")
    proto.dtype = dtype.code
    # A scalar has a shape with no dimensions; setting it apart from "no shape given" needs the explicit presence.
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    values = array.ravel().tolist()
    getattr(proto, dtype.field).extend([_to_bytes(value) for value in values] if dtype is _STRING else values)


def to_tensor(array: NDArray[Any]) -> Any:
    """Return a new TensorProto of `serving.messages` with the content of an array; see `write_tensor`."""
    proto = TensorProto()
    write_tensor(array, proto)
    return proto


def to_array(proto: Any) -> NDArray[Any]:
    """Read a TensorProto.

    As in TensorFlow, a list of values that is shorter than the shape asks for stands for its last value repeated, and
    an empty one for zeros.

    Returns:
        An array of the proto's shape; strings come as `bytes` in an object array.

    Raises:
        ValueError: The dtype is not supported, or the values do not fill the shape.
    """
    dtype = _BY_CODE.get(proto.dtype)
    if dtype is None:
        raise ValueError(f"a tensor of dtype code {proto.dtype} cannot be read")
    shape = _read_shape(proto)
    size = math.prod(shape)
    values = _read_values(proto, dtype)
    if len(values) > size or (proto.tensor_content and len(values) != size):
        raise ValueError(f"a tensor of shape {list(shape)} holds {size} values, {len(values)} are given")
    if len(values) < size:
        filler = values[-1] if len(values) else (b"" if dtype is _STRING else 0)
        values = np.concatenate([values, np.full(size - len(values), filler, dtype.numpy)])
    return values.reshape(shape)


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    raise ValueError(f"a string tensor holds str or bytes, not {type(value).__name__}")


def _read_shape(proto: Any) -> tuple[int, ...]:
    shape = tuple(dimension.size for dimension in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("a tensor with values must have a shape without unknown dimensions")
    return shape


def _read_values(proto: Any, dtype: _DType) -> NDArray[Any]:
    if proto.tensor_content and dtype is not _STRING:
        little_endian = dtype.numpy.newbyteorder("<")
        try:
            return np.frombuffer(proto.tensor_content, little_endian).astype(dtype.numpy)
        except ValueError as error:
            raise ValueError(f"tensor_content of {len(proto.tensor_content)} bytes is cut off") from error
    return np.array(getattr(proto, dtype.field), dtype=dtype.numpy)
