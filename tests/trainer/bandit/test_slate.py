"""The steps that every policy shares."""

import numpy as np
import tensorflow as tf

from trainer.bandit.evidence import append_constant
from trainer.bandit.slate import best, fill, slate_under, with_constant


def test_ties_go_to_the_lower_position_at_every_width() -> None:
    for candidates in (2, 7, 64, 300, 1000):
        for k in (1, 2, candidates // 2, candidates):
            _, positions = best(tf.zeros([3, candidates]), tf.constant(k))
            np.testing.assert_array_equal(positions, [np.arange(k)] * 3)


def test_partial_ties_equal_a_stable_sort() -> None:
    utility = np.random.default_rng(0).integers(0, 6, (20, 50)).astype(np.float32)
    _, positions = best(tf.constant(utility), tf.constant(17))
    np.testing.assert_array_equal(positions, np.argsort(-utility, axis=1, kind="stable")[:, :17])


def test_fill_pads_to_k() -> None:
    shares = tf.constant([[0.25, 1.0]])
    slate = fill(tf.constant([[4, 2]]), tf.constant([[0.5, -np.inf]]), shares, 2 * shares, tf.constant(3))
    np.testing.assert_array_equal(slate.indices, [[4, -1, -1]])
    np.testing.assert_array_equal(slate.scores, [[0.5, 0.0, 0.0]])
    np.testing.assert_array_equal(slate.propensities, [[0.25, 0.0, 0.0]])
    np.testing.assert_array_equal(slate.inclusions, [[0.5, 0.0, 0.0]])


def test_slate_under_a_distribution_takes_its_propensities_and_holds_inclusions_to_one() -> None:
    distribution = tf.constant([[[0.75, 0.2501], [0.125, 0.25], [0.125, 0.4999]]])
    slate = slate_under(distribution, tf.constant([[0, 2]]), tf.constant([[2.0, 1.0]]), tf.constant(2))
    np.testing.assert_array_equal(slate.propensities, np.float32([[0.75, 0.4999]]))
    # What the first candidate has above 1 goes to the others, by what they lack: .625 and .3751.
    np.testing.assert_allclose(slate.inclusions, [[1.0, 0.6249 + 0.0001 * 0.3751 / 1.0001]], rtol=1e-6)


def test_constant_of_the_graph_equals_the_constant_of_the_fit() -> None:
    features = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_array_equal(with_constant(tf.constant(features)), append_constant(features))
