"""The variables of a SavedModel on disk: a copy of the model in which some have other values, its graph never loaded.

TensorFlow restores variables by their names in the checkpoint, so a model whose checkpoint was written again under the
same names, shapes and types answers with the new values.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from tensorflow.core.protobuf import fingerprint_pb2

_CHECKPOINT = Path("variables") / "variables"
_FINGERPRINT = "fingerprint.pb"
_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


class SavedVariablesError(ValueError):
    """The variables of a SavedModel cannot be read or replaced; the message is one line with the file and the name."""


def read_variable(saved_model: Path, name: str) -> Any:
    """The value of one variable as NumPy has it; strings are bytes.

    Args:
        saved_model: Folder of the SavedModel.
        name: Its attributes from the root down, such as `exploration/mean`.

    Raises:
        SavedVariablesError: The checkpoint cannot be read or has no such variable.
    """
    reader = _reader(saved_model)
    if not reader.has_tensor(name + _SUFFIX):
        raise SavedVariablesError(f"{saved_model / _CHECKPOINT}: no variable {name}")
    return reader.get_tensor(name + _SUFFIX)


def copy_with_variables(saved_model: Path, destination: Path, values: Mapping[str, ArrayLike]) -> None:
    """Copy a SavedModel with other values of some of its variables; all else is the same.

    Args:
        saved_model: Folder of the SavedModel; is only read.
        destination: Folder of the copy; must not exist. It holds part of a model until this returns.
        values: New value of each variable, by name as in `read_variable`; shape and type must be the variable's, except
            that numbers may have another precision. Texts are `str` or `bytes`.

    Raises:
        SavedVariablesError: The checkpoint cannot be read, has no such variable, or a value does not fit it. Nothing
            was written.
    """
    reader = _reader(saved_model)
    new = {name + _SUFFIX: _fitting(saved_model, reader, name, value) for name, value in values.items()}
    shutil.copytree(saved_model, destination, ignore=_all_but_variables(saved_model))
    checkpoint = destination / _CHECKPOINT
    checkpoint.parent.mkdir()
    _write_again(saved_model / _CHECKPOINT, reader.get_variable_to_dtype_map(), new, checkpoint)
    _sign_again(destination)


def _reader(saved_model: Path) -> Any:
    checkpoint = saved_model / _CHECKPOINT
    try:
        return tf.train.load_checkpoint(str(checkpoint))
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise SavedVariablesError(f"{checkpoint}: cannot be read: {reason}") from error


def _fitting(saved_model: Path, reader: Any, name: str, value: ArrayLike) -> tf.Tensor:
    """The value as a tensor of the variable's type."""
    where = f"{saved_model / _CHECKPOINT}: variable {name}"
    if not reader.has_tensor(name + _SUFFIX):
        raise SavedVariablesError(f"{saved_model / _CHECKPOINT}: no variable {name}")
    shape = reader.get_variable_to_shape_map()[name + _SUFFIX]
    dtype = reader.get_variable_to_dtype_map()[name + _SUFFIX]
    array = np.asarray(value)
    if list(array.shape) != shape:
        raise SavedVariablesError(f"{where}: has shape {shape}, the new value {list(array.shape)}")
    kind = "U" if array.dtype.kind in "OSU" else array.dtype.kind
    if kind != ("U" if dtype == tf.string else np.dtype(dtype.as_numpy_dtype).kind):
        raise SavedVariablesError(f"{where}: is of {dtype.name}, the new value of {array.dtype}")
    return tf.constant(array.tolist() if kind == "U" else array, dtype=dtype)


def _all_but_variables(saved_model: Path) -> Any:
    """What `shutil.copytree` asks for the names that it leaves out."""
    return lambda folder, names: [_CHECKPOINT.parent.name] if Path(folder) == saved_model else []


def _write_again(old: Path, dtypes: Mapping[str, tf.DType], new: Mapping[str, tf.Tensor], path: Path) -> None:
    """Write all tensors of a checkpoint to another, those in `new` with their new values."""
    names = sorted(dtypes)
    with tf.device("cpu:0"):
        kept = [name for name in names if name not in new]
        tensors = tf.raw_ops.RestoreV2(
            prefix=str(old),
            tensor_names=kept,
            shape_and_slices=[""] * len(kept),
            dtypes=[dtypes[name] for name in kept],
        )
        values = {**dict(zip(kept, tensors, strict=True)), **new}
        tf.raw_ops.SaveV2(
            prefix=str(path),
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[values[name] for name in names],
        )


def _sign_again(saved_model: Path) -> None:
    """Bring the checkpoint's hash in TensorFlow's fingerprint of the model up to date, where there is one."""
    path = saved_model / _FINGERPRINT
    if not path.exists():
        return
    index = (saved_model / _CHECKPOINT).with_suffix(".index").read_bytes()
    fingerprint = fingerprint_pb2.FingerprintDef.FromString(path.read_bytes())
    fingerprint.checkpoint_hash = int.from_bytes(tf.fingerprint(tf.constant([index])).numpy()[0].tobytes(), "little")
    path.write_bytes(fingerprint.SerializeToString())
