from collections.abc import Callable
from typing import Any

import numpy as np

from tfx_pipeline.evaluation.baselines import MostPopular, RecentPopular

HISTORIES, AGES = [[0, 1], [0, 2], [0, 2]], [[90, 80], [70, 3], [60, 5]]


def test_what_sells_now_beats_what_sold_then(shop: Callable[..., Any]) -> None:
    interactions, cases = shop(HISTORIES, 4, AGES)
    assert MostPopular().fit(interactions)(cases[:1], 4, False).items.tolist() == [[0, 2, 1, 3]]
    ranked = RecentPopular().fit(interactions)(cases[:1], 4, False)
    assert ranked.items.tolist() == [[2, 0, 1, 3]]
    expected = [np.exp([-3 / 14, -5 / 14]).sum(), np.exp(np.array([-90, -70, -60]) / 14).sum(), np.exp(-80 / 14)]
    np.testing.assert_allclose(ranked.scores[0, :3], expected, rtol=1e-6)


def test_without_a_clock_each_user_s_last_events_count_most(shop: Callable[..., Any]) -> None:
    interactions, cases = shop(HISTORIES, 4)
    ranked = RecentPopular(decay=0.5).fit(interactions)(cases[:1], 4, False)
    assert ranked.items.tolist() == [[2, 0, 1, 3]] and ranked.scores[0, :3].tolist() == [2, 1.5, 1]


def test_weights_too_small_for_a_number_leave_popularity(shop: Callable[..., Any]) -> None:
    interactions, cases = shop([[0], [1], [1]], 3, [[5000], [6000], [6000]])
    assert RecentPopular().fit(interactions)(cases[:1], 3, False).items.tolist() == [[1, 0, 2]]
