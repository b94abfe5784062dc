"""What cannot be ordered, and what is held back."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.belief import Belief, ItemTables, believe
from trainer.bandit.guard_rails import hold_back, without_best


def _belief(predicted: list[float], features: list[float], valid: list[bool], rows: list[int]) -> Belief:
    items = ItemTables(
        tf.constant([0.0, 0.25]), tf.constant([[0.0], [1.0]]), tf.constant([0.5, 0.1]), tf.constant([True, False])
    )
    lists = (tf.constant([predicted]), tf.constant([features])[..., None], tf.constant([rows]), tf.constant([valid]))
    return believe(*lists, tf.constant([0.5]), items)


def test_utility_hides_what_cannot_be_ordered() -> None:
    predicted, features = [1.0, 2.0, np.nan, 4.0, np.inf, 1.0], [1.0, 2.0, 3.0, np.nan, 1.0, 3.0]
    belief = _belief(predicted, features, [True, False, True, True, True, True], [0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(belief.utility, [[1.5, *[-np.inf] * 4, 2.25]])
    np.testing.assert_array_equal(belief.features[..., 0], [[1, 0, 0, 0, 0, 2]])
    np.testing.assert_array_equal(belief.spread, np.float32([[0.5, 0, 0, 0, 0, 0.1]]))
    np.testing.assert_array_equal(belief.explorable, [[True, False, False, False, False, False]])


@pytest.mark.parametrize(
    ("predicted", "share", "explored"),
    [
        ([1.0, 0.5, 0.4], 0.5, [True, True, False]),
        ([1.0, 0.5, -0.4], 0.0, [True, True, True]),
        ([-1.0, -1.5, -1.6], 0.5, [True, True, False]),
        ([1.0, 0.99, 1.0], 1.0, [True, False, True]),
    ],
)
def test_relevance_floor(predicted: list[float], share: float, explored: list[bool]) -> None:
    belief = _belief(predicted, [1.0, 1.0, 1.0], [True] * 3, [0, 0, 0])
    held = hold_back(belief, tf.constant([predicted]), share)
    np.testing.assert_array_equal(held.explorable, [explored])
    np.testing.assert_array_equal(held.features[..., 0], np.float32([explored]))
    np.testing.assert_array_equal(held.spread, 0.5 * np.float32([explored]))
    np.testing.assert_array_equal(held.utility, belief.utility)


def test_floor_is_of_the_best_that_is_there() -> None:
    predicted = [9.0, np.nan, 1.0]
    belief = _belief(predicted, [1.0, 1.0, 1.0], [False, True, True], [0, 0, 0])
    assert hold_back(belief, tf.constant([predicted]), 0.5).explorable.numpy().tolist() == [[False, False, True]]


def test_without_best() -> None:
    belief = _belief([1.0, 3.0, 2.0], [1.0, 1.0, 1.0], [True] * 3, [0, 0, 0])
    left = without_best(belief, tf.constant(2))
    np.testing.assert_array_equal(left.utility, [[1.5, -np.inf, -np.inf]])
    np.testing.assert_array_equal(left.explorable, [[True, False, False]])
