from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import ItemKNN
from tfx_pipeline.evaluation.cases import EvaluationCases

HISTORIES = [[0, 1, 4], [0, 1], [0, 1, 4], [2, 3], [2, 3, 4], [4, 0]]


def cosines(histories: list[list[int]], items: int, damping: float) -> np.ndarray:
    bought = np.array([[item in row for item in range(items)] for row in histories], float)
    users = bought.sum(axis=0) + damping
    result = bought.T @ bought / np.sqrt(np.outer(users, users))
    np.fill_diagonal(result, 0)
    return result


def nearest(similarity: np.ndarray, k: int) -> np.ndarray:
    result = np.zeros_like(similarity)
    for item, row in enumerate(similarity):
        kept = np.argsort(-row, kind="stable")[:k]
        result[item, kept] = row[kept]
    return result


@pytest.mark.parametrize("damping", [0.0, 2.0])
@pytest.mark.parametrize("neighbours", [1, 2, 100])
@pytest.mark.parametrize("of", ["scored", "history"])
def test_scores_are_sums_of_cosines(shop: Callable[..., Any], of: Any, neighbours: int, damping: float) -> None:
    interactions, cases = shop(HISTORIES, 5)
    kept = nearest(cosines(HISTORIES, 5, damping), neighbours)
    kept = kept if of == "history" else kept.T
    ranker = ItemKNN(neighbours, of, days=None, decay=1.0, damping=damping).fit(interactions)
    expected = np.array([kept[row].sum(axis=0) for row in HISTORIES])
    scores = ranker.score(cases)
    # The tie-break adds 1/10,000 at most.
    np.testing.assert_allclose(scores[expected > 0], expected[expected > 0], atol=1.1e-4)
    assert (scores[expected == 0] < 0).all()


def test_what_is_bought_together_is_found(shop: Callable[..., Any]) -> None:
    interactions, _ = shop(HISTORIES, 5)
    one_item_each = EvaluationCases.from_lists(list("abcd"), [[0], [1], [2], [3]], [[]] * 4, 5)
    assert ItemKNN().fit(interactions)(one_item_each, 1, True).items.ravel().tolist() == [1, 0, 3, 2]


def test_the_recent_part_of_a_history_counts_more(shop: Callable[..., Any]) -> None:
    interactions, _ = shop(HISTORIES, 5)
    turned = EvaluationCases.from_lists(list("ab"), [[0, 2], [2, 0]], [[]] * 2, 5)
    ranked = ItemKNN(decay=0.2, of="history").fit(interactions)(turned, 1, True)
    assert ranked.items.tolist() == [[3], [1]]


def test_items_outside_the_most_bought_have_no_neighbours(shop: Callable[..., Any]) -> None:
    interactions, cases = shop(HISTORIES, 5)
    scores = ItemKNN(items=3).fit(interactions).score(cases)
    assert (scores[:, [2, 3]] < 0).all() and (scores[0, [0, 1, 4]] > 0).all()
