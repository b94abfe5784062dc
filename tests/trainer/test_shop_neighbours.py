"""The neighbours of a shop against EASE with NumPy's inverse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trainer.shop_neighbours import shop_neighbours
from trainer.user_events import UserEvents

ITEMS, UNKNOWN = 7, 7
OPTIONS = {"neighbours": 6, "neighbour_items": 7, "neighbour_regularisation": 2.5}
MakeEvents = Callable[..., UserEvents]


def example(user: int, targets: list[int], past: tuple[int, ...] = ()) -> tuple[int, list[tuple[int, int, int, bool]]]:
    """One example: events before it that are no targets, then its targets."""
    return user, [(item, 0, 0, False) for item in past] + [(item, 0, 0, True) for item in targets]


@pytest.fixture(scope="module")
def parts(make_events: MakeEvents) -> list[UserEvents]:
    """Users 0 and 4 come up in both parts, user 0 twice in one; user 9 bought what the catalogue does not have."""
    windows = [
        example(0, [0, 1, 1, 2]),
        example(0, [2, 3], past=(0, 6)),
        example(4, [3, UNKNOWN, 5]),
        example(2, [0, 1]),
        example(5, [0, 5, 2], past=(4,)),
        example(9, [UNKNOWN]),
    ]
    cases = [example(4, [3, 5, 1], past=(3,)), example(0, [0, 3]), example(6, [1, 0, 3], past=(2,))]
    return [make_events(windows), make_events(cases)]


BASKETS = [{0, 1, 2, 3}, {3, 5, 1}, {0, 1}, {0, 5, 2}, {1, 0, 3}]
"""What each user chose in all parts together, once each."""


def reference(items: list[int], regularisation: float, baskets: list[set[int]] = BASKETS) -> np.ndarray:
    """Steck 2019, equation 8, over some of the items; [V, V]."""
    chosen = np.array([[float(item in basket) for item in items] for basket in baskets])
    inverse = np.linalg.inv(chosen.T @ chosen + regularisation * np.eye(len(items)))
    weights = np.where(np.eye(len(items)), 0.0, -inverse / np.diag(inverse))
    everything = np.zeros((ITEMS, ITEMS))
    everything[np.ix_(items, items)] = weights
    return everything


@pytest.mark.parametrize("regularisation", [0.5, 2.5, 300.0])
def test_users_of_all_parts_count_an_item_once(parts: list[UserEvents], regularisation: float) -> None:
    found = shop_neighbours(parts, ITEMS, {**OPTIONS, "neighbour_regularisation": regularisation})
    expected = reference([0, 1, 2, 3, 5], regularisation)
    np.testing.assert_allclose(found.matrix().toarray(), expected, atol=1e-6)
    assert np.abs(expected).max() > 1e-3


def test_the_order_of_the_parts_changes_nothing(parts: list[UserEvents]) -> None:
    there, back = (shop_neighbours(order, ITEMS, OPTIONS) for order in (parts, parts[::-1]))
    np.testing.assert_array_equal(there.rows, back.rows)
    np.testing.assert_array_equal(there.weights, back.weights)


def test_one_part_alone_knows_its_targets_alone(parts: list[UserEvents]) -> None:
    found = shop_neighbours(parts[1:], ITEMS, OPTIONS)
    expected = reference([0, 1, 3, 5], 2.5, [{3, 5, 1}, {0, 3}, {1, 0, 3}])
    np.testing.assert_allclose(found.matrix().toarray(), expected, atol=1e-6)


def test_only_the_most_bought_items_have_neighbours(parts: list[UserEvents]) -> None:
    """Items 0 and 1 have four buyers, item 3 three; 2 and 5 have two."""
    found = shop_neighbours(parts, ITEMS, {**OPTIONS, "neighbour_items": 3})
    np.testing.assert_allclose(found.matrix().toarray(), reference([0, 1, 3], 2.5), atol=1e-6)
    assert (found.rows[[2, 4, 5, 6]] == -1).all()


def test_the_strongest_neighbours_are_kept(parts: list[UserEvents]) -> None:
    found = shop_neighbours(parts, ITEMS, {**OPTIONS, "neighbours": 2})
    assert found.rows.shape == found.weights.shape == (ITEMS, 2)
    expected = reference([0, 1, 2, 3, 5], 2.5)
    for row in (0, 1, 2, 3, 5):
        strongest = np.sort(np.abs(expected[row]))[::-1][:2]
        np.testing.assert_allclose(np.abs(found.weights[row]), strongest, atol=1e-6)
        np.testing.assert_allclose(expected[row, found.rows[row]], found.weights[row], atol=1e-6)


@pytest.mark.parametrize("examples", [[], [example(0, [], past=(1, 2))], [example(3, [UNKNOWN, UNKNOWN])]])
def test_nothing_was_chosen_yet(make_events: MakeEvents, examples: list[Any]) -> None:
    found = shop_neighbours([make_events(examples)], ITEMS, OPTIONS)
    assert found.rows.shape == (ITEMS, 6)
    assert (found.rows == -1).all() and not found.weights.any()
