import numpy as np
import tensorflow as tf

from trainer.towers import unit


def test_direction_and_zeros_are_kept() -> None:
    np.testing.assert_allclose(unit(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0, 0]], atol=1e-6)


def test_small_vectors_reach_length_one() -> None:
    np.testing.assert_allclose(unit(np.array([[3e-5, 4e-5]])), [[0.6, 0.8]], atol=1e-6)


def test_the_result_is_float32() -> None:
    assert unit(tf.constant([[3.0, 4.0]], tf.bfloat16)).dtype == tf.float32


def test_the_gradient_at_zero_is_finite() -> None:
    vectors = tf.zeros((1, 2))
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        length = tf.reduce_sum(unit(vectors))
    assert np.isfinite(tape.gradient(length, vectors)).all()
