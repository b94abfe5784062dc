from collections import deque

import numpy as np
import pytest
import tensorflow as tf

from trainer.losses import Candidates, QueueNegatives


def targets_of(rows: list[int]) -> Candidates:
    """Targets whose vectors and log Q tell their row."""
    values = np.array(rows, np.float32)
    return Candidates(np.stack([values, -values], axis=1), np.array(rows), -values / 10)


def see(
    queue: QueueNegatives, rows: list[int], weights: list[float] | None = None, training: bool = True
) -> Candidates:
    weight = np.ones(len(rows), np.float32) if weights is None else np.array(weights, np.float32)
    found = queue(np.zeros((len(rows), 2), np.float32), targets_of(rows), weight, embed=None, training=training)
    return Candidates(*(np.asarray(values) for values in found))


def test_the_queue_holds_the_last_targets_oldest_first() -> None:
    queue, expected, random = QueueNegatives(5), deque(maxlen=5), np.random.default_rng(0)
    for batch in range(6):
        rows, weights = random.integers(0, 99, 1 + batch % 4), random.integers(0, 2, 1 + batch % 4)
        found = see(queue, rows.tolist(), weights.tolist())
        assert found.rows.tolist() == [-1] * (5 - len(expected)) + list(expected)
        filled = found.rows >= 0
        np.testing.assert_allclose(found.vectors[filled], targets_of(list(expected)).vectors)
        np.testing.assert_allclose(found.log_q[filled], targets_of(list(expected)).log_q)
        expected.extend(rows[weights > 0].tolist())
    assert len(expected) == 5


def test_a_batch_larger_than_the_queue_leaves_its_last_targets() -> None:
    queue = QueueNegatives(3)
    see(queue, [1, 2, 3, 4, 5], [1, 1, 1, 1, 0])
    assert np.asarray(queue.rows).tolist() == [2, 3, 4]


def test_only_training_changes_the_queue() -> None:
    queue = QueueNegatives(3)
    see(queue, [1])
    assert see(queue, [2], training=False).rows.tolist() == [-1, -1, 1]
    assert np.asarray(queue.rows).tolist() == [-1, -1, 1]


def test_no_gradient_flows_into_the_queue() -> None:
    queue, rows = QueueNegatives(2), np.array([1, 2])
    vectors = tf.Variable(np.ones((2, 2), np.float32))
    with tf.GradientTape() as tape:
        for _ in range(2):
            targets = Candidates(tf.identity(vectors), rows, np.zeros(2, np.float32))
            found = queue(np.ones((2, 2), np.float32), targets, np.ones(2, np.float32), embed=None, training=True)
        total = tf.reduce_sum(found.vectors)
    assert float(total) == 4
    assert tape.gradient(total, vectors) is None
    assert queue.trainable_weights == []


def test_a_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="^size must be at least 1, got 0$"):
        QueueNegatives(0)
