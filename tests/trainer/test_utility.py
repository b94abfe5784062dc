import numpy as np
import pytest
import tensorflow as tf

from trainer.utility import Utility


def test_it_is_the_weighted_sum() -> None:
    probabilities = np.random.default_rng(0).random((2, 4, 3)).astype(np.float32)
    utility = Utility([1.0, 0.5, 2.0], np.zeros((0, 0), np.float32))
    expected = probabilities @ np.array([1.0, 0.5, 2.0])
    np.testing.assert_allclose(utility(tf.constant(probabilities), tf.zeros((2, 4), tf.int32)), expected, rtol=1e-6)


def test_the_dearer_of_two_equally_likely_items_moves_up() -> None:
    values = np.array([[1, 2.0], [1, 10.0], [1, 5.0]], np.float32)
    utility = Utility([1.0, 0.1], values)
    found = utility(tf.fill([1, 3, 2], 0.4), tf.constant([[0, 1, 2]])).numpy()[0]
    np.testing.assert_allclose(found, 0.4 * (1 + 0.1 * values[:, 1]), rtol=1e-6)
    assert found.argmax() == 1


def test_values_need_a_column_for_each_objective() -> None:
    with pytest.raises(ValueError, match="values: 1 columns, expected one for each of 2 objectives"):
        Utility([1.0, 1.0], np.ones((3, 1), np.float32))
