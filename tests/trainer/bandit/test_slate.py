"""The steps that every policy shares."""

import numpy as np
import tensorflow as tf

from trainer.bandit.evidence import append_constant
from trainer.bandit.slate import best, fill, mean_utility, with_constant


def test_ties_go_to_the_lower_position_at_every_width() -> None:
    for candidates in (2, 7, 64, 300, 1000):
        for k in (1, 2, candidates // 2, candidates):
            _, positions = best(tf.zeros([3, candidates]), tf.constant(k))
            np.testing.assert_array_equal(positions, [np.arange(k)] * 3)


def test_partial_ties_equal_a_stable_sort() -> None:
    utility = np.random.default_rng(0).integers(0, 6, (20, 50)).astype(np.float32)
    _, positions = best(tf.constant(utility), tf.constant(17))
    np.testing.assert_array_equal(positions, np.argsort(-utility, axis=1, kind="stable")[:, :17])


def test_mean_utility_hides_what_cannot_be_ordered() -> None:
    predicted = tf.constant([[1.0, 2.0, np.nan, 4.0, np.inf]])
    features = tf.constant([[[1.0], [2.0], [3.0], [np.nan], [1.0]]])
    utility = mean_utility(predicted, features, tf.constant([[True, False, True, True, True]]), tf.constant([0.5]))
    np.testing.assert_array_equal(utility, [[1.5, -np.inf, -np.inf, -np.inf, -np.inf]])


def test_fill_pads_to_k() -> None:
    slate = fill(tf.constant([[4, 2]]), tf.constant([[0.5, -np.inf]]), tf.constant([[0.25, 1.0]]), tf.constant(3))
    np.testing.assert_array_equal(slate.indices, [[4, -1, -1]])
    np.testing.assert_array_equal(slate.scores, [[0.5, 0.0, 0.0]])
    np.testing.assert_array_equal(slate.propensities, [[0.25, 0.0, 0.0]])


def test_constant_of_the_graph_equals_the_constant_of_the_fit() -> None:
    features = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(with_constant(tf.constant(features)), append_constant(features))
