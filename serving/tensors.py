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
MOST_FILLED = 1 << 22
"""Most elements of a tensor whose values are fewer than its shape asks for.

Without a bound a message of a few bytes could ask for any amount of memory.
"""
_MOST_DIMENSIONS = 32  # NumPy's own bound
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
    if dtype is _STRING and not set(map(type, values)) <= {bytes}:
        values = [_to_bytes(value) for value in values]
    getattr(proto, dtype.field).extend(values)


def to_tensor(array: NDArray[Any]) -> Any:
    """Return a new TensorProto of `serving.messages` with the content of an array; see `write_tensor`."""
    proto = TensorProto()
    write_tensor(array, proto)
    return proto


def to_array(proto: Any) -> NDArray[Any]:
    """Read a TensorProto.

    As in TensorFlow, a list of values that is shorter than the shape asks for stands for its last value repeated, and
    an empty one for zeros. Nothing is allocated before the values are known to fit the shape.

    Returns:
        An array of the proto's shape, which may be read-only; strings come as `bytes` in an object array.

    Raises:
        ValueError: The dtype is not supported, the values do not fit the shape, or fewer values than elements are
            given for a shape of more than `MOST_FILLED` elements.
    """
    dtype = _BY_CODE.get(proto.dtype)
    if dtype is None:
        raise ValueError(f"a tensor of dtype code {proto.dtype} cannot be read")
    shape = _read_shape(proto)
    size = math.prod(shape)
    from_content = bool(proto.tensor_content) and dtype is not _STRING
    given = _content_size(proto, dtype) if from_content else len(getattr(proto, dtype.field))
    if given > size or (from_content and given != size):
        raise ValueError(f"a tensor of shape {list(shape)} holds {size} values, {given} are given")
    if given < size > MOST_FILLED:
        raise ValueError(f"a tensor of shape {list(shape)} holds {size} values, only {given} are given")
    values = _read_content(proto, dtype) if from_content else _read_values(proto, dtype, given)
    if given < size:
        values = _fill(values, dtype, size)
    return values.reshape(shape)


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    raise ValueError(f"a string tensor holds str or bytes, not {type(value).__name__}")


def _read_shape(proto: Any) -> tuple[int, ...]:
    if len(proto.tensor_shape.dim) > _MOST_DIMENSIONS:
        given = len(proto.tensor_shape.dim)
        raise ValueError(f"a tensor has at most {_MOST_DIMENSIONS} dimensions, {given} are given")
    shape = tuple(dimension.size for dimension in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("a tensor with values must have a shape without unknown dimensions")
    return shape


def _content_size(proto: Any, dtype: _DType) -> int:
    size, rest = divmod(len(proto.tensor_content), dtype.numpy.itemsize)
    if rest:
        raise ValueError(f"tensor_content of {len(proto.tensor_content)} bytes is cut off")
    return size


def _read_content(proto: Any, dtype: _DType) -> NDArray[Any]:
    return np.frombuffer(proto.tensor_content, dtype.numpy.newbyteorder("<")).astype(dtype.numpy, copy=False)


def _read_values(proto: Any, dtype: _DType, given: int) -> NDArray[Any]:
    values = getattr(proto, dtype.field)
    if dtype is _STRING:
        return np.array(values, dtype.numpy)
    # Faster than `np.array`, which looks at every value twice.
    return np.fromiter(values, dtype.numpy, count=given)


def _fill(values: NDArray[Any], dtype: _DType, size: int) -> NDArray[Any]:
    filler = values[-1] if len(values) else (b"" if dtype is _STRING else 0)
    return np.concatenate([values, np.full(size - len(values), filler, dtype.numpy)])
