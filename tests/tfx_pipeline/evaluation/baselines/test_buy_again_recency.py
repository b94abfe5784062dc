from collections.abc import Callable
from typing import Any

import numpy as np

from tfx_pipeline.evaluation.baselines import BuyAgain, BuyAgainRecency


def test_a_recent_purchase_beats_two_old_ones(shop: Callable[..., Any]) -> None:
    interactions, cases = shop([[0, 0, 1], [2, 3]], 4, [[300, 290, 1], [40, 2]])
    assert BuyAgain().fit(interactions)(cases[:1], 2, False).items.tolist() == [[0, 1]]
    ranked = BuyAgainRecency(popularity_share=0.0).fit(interactions)(cases[:1], 4, False)
    assert ranked.items.tolist() == [[1, 0, 3, 2]]
    expected = [np.exp(-1 / 120), np.exp(-300 / 120) + np.exp(-290 / 120)]
    np.testing.assert_allclose(ranked.scores[0, :2], expected, rtol=1e-6)


def test_two_recent_purchases_beat_one(shop: Callable[..., Any]) -> None:
    interactions, cases = shop([[0, 0, 1]], 2, [[3, 2, 1]])
    assert BuyAgainRecency().fit(interactions)(cases, 2, False).items.tolist() == [[0, 1]]


def test_recent_popularity_decides_between_purchases_of_one_day(shop: Callable[..., Any]) -> None:
    interactions, cases = shop([[0, 1], [1]], 2, [[9, 9], [1]])
    assert BuyAgainRecency().fit(interactions)(cases[:1], 2, False).items.tolist() == [[1, 0]]
    assert BuyAgainRecency(popularity_share=0.0).fit(interactions)(cases[:1], 2, False).items.tolist() == [[0, 1]]


def test_without_a_clock_the_order_counts(shop: Callable[..., Any]) -> None:
    interactions, cases = shop([[0, 1]], 2)
    scores = BuyAgainRecency(decay=0.5, popularity_share=0.0).fit(interactions).score(cases)
    assert scores.tolist() == [[0.5, 1]]
