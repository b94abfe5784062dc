"""Neighbours, baskets and recent popularity against plain counting."""

import numpy as np

from tests.tfx_pipeline.benchmarks.quality.sources.small_shop import ITEMS, USERS, small_snapshot
from tfx_pipeline.benchmarks.quality.sources.basket_cosine_source import BasketCosineSource
from tfx_pipeline.benchmarks.quality.sources.recent_popularity_source import RecentPopularitySource
from tfx_pipeline.benchmarks.quality.sources.user_neighbours_source import UserNeighboursSource

SNAPSHOT = small_snapshot()
PAST, CASES = SNAPSHOT.past, SNAPSHOT.cases


def decayed(days: float) -> np.ndarray:
    weights = np.zeros((USERS, ITEMS))
    np.add.at(weights, (PAST.users, PAST.items), np.exp(-PAST.ages / days))
    return np.minimum(weights, 1)


def test_neighbours() -> None:
    ever = np.minimum(decayed(np.inf), 1)
    profiles = decayed(365) * np.log((USERS + 1) / (ever.sum(axis=0) + 1))
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    cosines = profiles @ profiles.T
    np.fill_diagonal(cosines, 0)
    for row in cosines:
        row[np.argsort(-row)[3:]] = 0
    actual = UserNeighboursSource(count=3, recent_days=30).fit(PAST, 1).scores(CASES)
    np.testing.assert_allclose(actual["neighbours_recent"], cosines @ decayed(30), atol=1e-5)
    np.testing.assert_allclose(actual["neighbours_ever"], cosines @ ever, atol=1e-5)


def test_basket_cosine() -> None:
    baskets = np.zeros((PAST.baskets.max() + 1, ITEMS))
    baskets[PAST.baskets, PAST.items] = 1
    sizes = baskets.sum(axis=0) + 5
    cosines = baskets.T @ baskets / np.sqrt(np.outer(sizes, sizes))
    np.fill_diagonal(cosines, 0)
    history = np.zeros((len(CASES), ITEMS))
    np.add.at(history, (CASES.history.owners, CASES.history.values), np.exp(-CASES.ages.values / 90))
    actual = BasketCosineSource().fit(PAST, 1).scores(CASES)
    np.testing.assert_allclose(actual["basket_cosine"], history @ cosines, atol=1e-5)


def test_recent_popularity() -> None:
    actual = RecentPopularitySource(name="now", days=7).fit(PAST, 1).scores(CASES[:2])
    expected = np.bincount(PAST.items, np.exp(-PAST.ages / 7), minlength=ITEMS)
    np.testing.assert_allclose(actual["now"], [expected, expected], rtol=1e-4)
