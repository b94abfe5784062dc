"""A model's signature as requests are checked against it; read once per model, not once per request."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import tensorflow as tf
from numpy.typing import NDArray

from serving.model_server.errors import invalid_argument
from serving.model_server.loaded_model import LoadedModel
from serving.tensors import MOST_FILLED, to_array

DEFAULT_SIGNATURE = "serving_default"
_ANY = -1
_OWN_DTYPES = frozenset(
    int(dtype.as_datatype_enum) for dtype in (tf.float32, tf.float64, tf.int32, tf.int64, tf.bool, tf.string)
)


@dataclass(frozen=True)
class InputTensor:
    """What one input of a signature takes.

    Attributes:
        dtype: Code of TensorFlow's `DataType`.
        shape: Sizes, -1 where any will do; None for any rank.
    """

    dtype: int
    shape: tuple[int, ...] | None

    def takes(self, sizes: tuple[int, ...]) -> bool:
        """Whether a tensor of these sizes fits."""
        if self.shape is None:
            return True
        if len(sizes) != len(self.shape):
            return False
        # A loop, as this is done for every input of every request: `all` costs twice the time.
        for size, expected in zip(sizes, self.shape, strict=True):
            if expected != _ANY and expected != size:
                return False
        return True


@dataclass(frozen=True)
class Signature:
    """A signature of a model.

    Attributes:
        name: Its key in the model.
        method_name: What it is for, such as "tensorflow/serving/predict".
        inputs: Input name -> what it takes.
        defaults: Input name -> value where the request gives none.
        outputs: Output name -> code of TensorFlow's `DataType`, in the order of the names.
    """

    name: str
    method_name: str
    inputs: dict[str, InputTensor]
    defaults: dict[str, NDArray[Any]]
    outputs: dict[str, int]

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Return input name -> array of a request's TensorProto messages.

        Raises:
            RequestError: INVALID_ARGUMENT for an input that is missing, unknown, malformed, or of another dtype or
                shape; the message names it.
        """
        if given.keys() != self.inputs.keys():
            self._check_names(given)
        arrays = {name: self._read_input(name, proto) for name, proto in given.items()}
        return {**self.defaults, **arrays} if self.defaults else arrays

    def choose_outputs(self, output_filter: Iterable[str]) -> list[str]:
        """Return the outputs that a request's filter asks for, all of them if it is empty.

        Raises:
            RequestError: INVALID_ARGUMENT for an output that is unknown or asked for twice.
        """
        chosen: dict[str, None] = {}
        for name in output_filter:
            if name not in self.outputs:
                raise invalid_argument(
                    f"output tensor alias not found in signature: {name} Outputs expected to be in the set "
                    f"{_braced(self.outputs)}."
                )
            if name in chosen:
                raise invalid_argument(f"duplicate output tensor alias: {name}")
            chosen[name] = None
        return list(chosen or self.outputs)

    def _check_names(self, given: Mapping[str, Any]) -> None:
        extra, missing = given.keys() - self.inputs.keys(), self.inputs.keys() - given.keys() - self.defaults.keys()
        if len(given) == len(self.inputs) and extra:
            wrong, known = ",".join(sorted(extra)), _braced(self.inputs)
            raise invalid_argument(
                f"input tensor alias not found in signature: {wrong}. Inputs expected to be in the set {known}."
            )
        if extra or missing:
            raise invalid_argument(
                f"input size does not match signature: {len(given)}!={len(self.inputs)} len({_braced(given)}) != "
                f"len({_braced(self.inputs)}). Sent extra: {_braced(extra)}. Missing but required: {_braced(missing)}."
            )

    def _read_input(self, name: str, proto: Any) -> NDArray[Any]:
        expected = self.inputs[name]
        if proto.dtype != expected.dtype:
            wrong = f"{dtype_name(proto.dtype)}, {dtype_name(expected.dtype)} is expected"
            raise invalid_argument(f"signature {self.name}: input {name} is {wrong}")
        array = read_array(name, proto)
        if not expected.takes(array.shape):
            wrong = f"{list(array.shape)}, {_shape_text(expected.shape)} is expected"
            raise invalid_argument(f"signature {self.name}: input {name} has shape {wrong}")
        return array


_SIGNATURES: WeakKeyDictionary[LoadedModel, dict[str, Signature]] = WeakKeyDictionary()


def find_signature(model: LoadedModel, name: str) -> Signature | None:
    """Return a signature of a model, None if it has none of that name; an empty name means `serving_default`."""
    signatures = _SIGNATURES.get(model)
    if signatures is None:
        signatures = _SIGNATURES[model] = {key: _read_signature(key, value) for key, value in model.signatures.items()}
    return signatures.get(name or DEFAULT_SIGNATURE)


def dtype_name(code: int) -> str:
    """Return the name of a code of TensorFlow's `DataType`, such as "int32"."""
    try:
        name: str = tf.dtypes.as_dtype(code).name
    except TypeError:
        return f"dtype {code}"
    return name


def read_array(name: str, proto: Any) -> NDArray[Any]:
    """Return the array of a TensorProto of any dtype.

    Args:
        name: Name of the tensor, for the error.
        proto: A TensorProto.

    Raises:
        RequestError: INVALID_ARGUMENT for sizes that are unknown or negative, and for values that do not fit the
            shape, or are too few for a large one.
    """
    try:
        return to_array(proto) if proto.dtype in _OWN_DTYPES else _read_rare_dtype(proto)
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid_argument(f"tensor parsing error: {name}: {error}") from error


def _read_rare_dtype(proto: Any) -> NDArray[Any]:
    sizes = [dimension.size for dimension in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise ValueError("a tensor with values must have a shape without unknown dimensions")
    # TensorFlow repeats the last value until the shape is full: nothing is allocated on the shape's word alone.
    # Every value takes at least a byte of the message.
    if math.prod(sizes) > max(MOST_FILLED, proto.ByteSize()):
        raise ValueError(f"a tensor of shape {sizes} holds {math.prod(sizes)} values, far fewer are given")
    array: NDArray[Any] = tf.make_ndarray(proto)
    return array


def _read_signature(name: str, signature: Any) -> Signature:
    inputs = {key: InputTensor(info.dtype, _read_shape(info.tensor_shape)) for key, info in signature.inputs.items()}
    outputs = {key: signature.outputs[key].dtype for key in sorted(signature.outputs)}
    # Releases of TensorFlow before 2.14 have no defaults.
    defaults = {key: read_array(key, proto) for key, proto in getattr(signature, "defaults", {}).items()}
    return Signature(name, signature.method_name, inputs, defaults, outputs)


def _read_shape(shape: Any) -> tuple[int, ...] | None:
    return None if shape.unknown_rank else tuple(dimension.size for dimension in shape.dim)


def _shape_text(shape: tuple[int, ...] | None) -> str:
    return "[" + ", ".join("?" if size == _ANY else str(size) for size in shape or ()) + "]"


def _braced(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
