import numpy as np
import pytest
import tensorflow as tf

from trainer.history_runs import HistoryRuns

HISTORY = np.array([[4, 2, 4, 9, 2, 4, -1, -1], [7, 7, 7, 7, 7, 7, 7, 7], [-1] * 8], np.int32)
VALUES = np.random.default_rng(0).normal(size=(3, 8, 2)).astype(np.float32)


def same() -> np.ndarray:
    """Whether two events are of one item, by comparing every event with every other; bool [B, H, H]."""
    return HISTORY[:, :, None] == HISTORY[:, None, :]


def test_sums_over_the_events_of_an_item() -> None:
    runs = HistoryRuns.of(tf.constant(HISTORY))
    expected = np.einsum("bij,bjk->bik", same(), VALUES)
    np.testing.assert_allclose(runs.of_events(runs.sums(tf.constant(VALUES))), expected, rtol=1e-5, atol=1e-6)


def test_largest_value_of_the_events_of_an_item() -> None:
    runs = HistoryRuns.of(tf.constant(HISTORY))
    expected = np.where(same()[..., None], VALUES[:, None], -np.inf).max(axis=2)
    np.testing.assert_array_equal(runs.of_events(runs.largest(tf.constant(VALUES))), expected)


@pytest.mark.parametrize("row", [-5, -1, 0, 2, 4, 7, 9, 100])
def test_finds_the_items_that_are_there(row: int) -> None:
    runs = HistoryRuns.of(tf.constant(HISTORY))
    places, is_there = runs.find(tf.fill([3, 1], row))
    np.testing.assert_array_equal(is_there.numpy()[:, 0], (row == HISTORY).any(axis=1))
    counts = tf.gather(runs.sums(tf.ones([3, 8, 1])), places, batch_dims=1).numpy()[:, 0, 0]
    np.testing.assert_array_equal(np.where(is_there[:, 0], counts, 0), (row == HISTORY).sum(axis=1))
