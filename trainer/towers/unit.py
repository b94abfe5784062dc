"""Vectors on the unit sphere."""

import keras
from keras import ops

_SMALLEST_SQUARE = 1e-12


def unit(vectors: keras.KerasTensor) -> keras.KerasTensor:
    """Vectors scaled to length 1 along the last axis, float [..., D] to float32 [..., D]; zeros stay zeros."""
    vectors = ops.cast(vectors, "float32")
    square = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    # The gradient of a norm at zero is not a number; that of the larger of two numbers is.
    return vectors * ops.rsqrt(ops.maximum(square, _SMALLEST_SQUARE))
