from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import EASE
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

Shop = tuple[Interactions, EvaluationCases]


def closed_form(interactions: Interactions, regularisation: float) -> np.ndarray:
    matrix = np.zeros((interactions.user_count, interactions.item_count))
    matrix[interactions.users, interactions.items] = 1
    inverse = np.linalg.inv(matrix.T @ matrix + regularisation * np.eye(interactions.item_count))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize("regularisation", [0.5, 300.0])
def test_scores_are_those_of_the_closed_form(random_shop: Shop, regularisation: float) -> None:
    interactions, cases = random_shop
    weights = closed_form(interactions, regularisation)
    own = np.zeros((len(cases), 30))
    assert cases.ages is not None
    for user, item, age in zip(cases.history.owners, cases.history.values, cases.ages.values, strict=True):
        own[user, item] += np.exp(-age / 90)
    expected = np.minimum(own, 1) @ weights
    ranker = EASE(regularisation, items=None, times_recent_popularity=False).fit(interactions)
    known = expected != 0
    np.testing.assert_allclose(ranker.score(cases)[known], expected[known], rtol=1e-3, atol=1e-6)


def test_the_weights_minimise_the_loss_of_the_paper(random_shop: Shop) -> None:
    interactions, _ = random_shop
    matrix = np.zeros((interactions.user_count, 30))
    matrix[interactions.users, interactions.items] = 1
    ranker = EASE(5.0, items=None, times_recent_popularity=False).fit(interactions)
    found = np.zeros((30, 30))
    found[np.ix_(ranker.columns, ranker.columns)] = ranker.matrix

    def loss(weights: np.ndarray) -> float:
        return float(((matrix - matrix @ weights) ** 2).sum() + 5.0 * (weights**2).sum())

    random = np.random.default_rng(0)
    for _ in range(20):
        step = random.normal(0, 0.01, found.shape)
        np.fill_diagonal(step, 0)
        assert loss(found + step) > loss(found)


def test_popularity_multiplies_the_scores(random_shop: Shop) -> None:
    interactions, cases = random_shop
    assert interactions.ages is not None
    recent = np.bincount(interactions.items, np.exp(-interactions.ages / 14), minlength=30)
    plain, times = (
        EASE(items=None, times_recent_popularity=wanted).fit(interactions).score(cases) for wanted in (False, True)
    )
    factors = 0.3 + np.sqrt(recent / recent.max())
    known = plain > 0
    assert known.any()
    np.testing.assert_allclose(times[known], (plain * factors)[known], rtol=1e-4, atol=1e-7)


def test_what_is_bought_together_is_found(shop: Callable[..., Any]) -> None:
    interactions, _ = shop([[0, 1], [0, 1], [2, 3], [2, 3], [0, 1, 2], [4]], 5)
    asked = EvaluationCases.from_lists(list("abcd"), [[0], [1], [2], [3]], [[]] * 4, 5)
    assert EASE(1.0).fit(interactions)(asked, 1, True).items.ravel().tolist() == [1, 0, 3, 2]


def test_too_little_regularisation(shop: Callable[..., Any]) -> None:
    interactions, _ = shop([[0, 1]] * 4, 2)
    with pytest.raises(ValueError) as error:
        EASE(1e-9).fit(interactions)
    assert str(error.value) == "regularisation 1e-09 is too small to invert X'X"
