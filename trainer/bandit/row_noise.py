"""Uniform random numbers that a row's own seed decides, whatever its batch."""

import tensorflow as tf

_INCREMENT = 0x9E3779B97F4A7C15
_FIRST_FACTOR, _SECOND_FACTOR = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def row_uniforms(seed: tf.Tensor, count: tf.Tensor | int, stream: int) -> tf.Tensor:
    """Numbers from 0 to below 1 for every row; a longer draw starts with the shorter one.

    SplitMix64 (Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators): a counter behind a mixing
    function, in integers, so every device gives the same. TensorFlow's own stateless generators take one seed a call,
    so a batch would need a loop.

    Args:
        seed: [B] int64.
        count: Numbers a row, scalar int32.
        stream: Tells apart the uses of one seed.

    Returns:
        [B, count] float64.
    """
    start = _mixed(tf.bitcast(seed, tf.uint64) + _uint64(stream) * _uint64(_INCREMENT))
    steps = tf.cast(tf.range(1, count + 1), tf.uint64) * _uint64(_INCREMENT)
    bits = tf.bitwise.right_shift(_mixed(start[:, None] + steps[None, :]), _uint64(11))
    return tf.cast(tf.bitcast(bits, tf.int64), tf.float64) * 2.0**-53


def _mixed(bits: tf.Tensor) -> tf.Tensor:
    """The finaliser of SplitMix64: every output bit depends on every input bit."""
    bits = (bits ^ tf.bitwise.right_shift(bits, _uint64(30))) * _uint64(_FIRST_FACTOR)
    bits = (bits ^ tf.bitwise.right_shift(bits, _uint64(27))) * _uint64(_SECOND_FACTOR)
    return bits ^ tf.bitwise.right_shift(bits, _uint64(31))


def _uint64(value: int) -> tf.Tensor:
    return tf.constant(value, tf.uint64)
