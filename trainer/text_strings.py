"""Whatever holds texts as a string tensor."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def as_strings(texts: Any) -> Any:
    """Turn a NumPy array or a sequence of str or bytes, [B], into a string tensor; tensors stay as they are.

    What UTF-8 cannot hold, such as half of a surrogate pair, becomes a question mark.

    Raises:
        TypeError: One of the values is no text.
    """
    if tf.is_tensor(texts) or isinstance(texts, keras.KerasTensor):
        return texts
    values = np.asarray(texts, dtype=object)
    encoded = [_encode(value) for value in values.ravel()]
    return tf.reshape(tf.constant(encoded, tf.string), values.shape)


def _encode(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode(errors="replace")
    if isinstance(value, bytes):
        return value
    raise TypeError(f"a text must be str or bytes, not {type(value).__name__}: {value!r}")
