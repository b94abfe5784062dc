"""NDCG against its definition."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainer.tuning.ndcg import mean_ndcg

GAINS = arrays(np.float64, (4, 6), elements=st.sampled_from([0.0, 0.0, 1.0, 2.5]))


def by_definition(gains: list[float], best: list[float]) -> float | None:
    reached, possible = (sum(gain / math.log2(place + 2) for place, gain in enumerate(row)) for row in (gains, best))
    return reached / possible if possible else None


@given(GAINS)
def test_against_the_definition(gains: np.ndarray) -> None:
    best = -np.sort(-gains, axis=1)
    each = [by_definition(*map(list, pair)) for pair in zip(gains, best, strict=True)]
    counted = [value for value in each if value is not None]
    actual = mean_ndcg(gains, best)
    if counted:
        assert actual == np.float64(actual) and abs(actual - np.mean(counted)) < 1e-12
        assert 0 <= actual <= 1 + 1e-12
    else:
        assert math.isnan(actual)


@given(GAINS)
def test_the_best_order_has_1(gains: np.ndarray) -> None:
    best = -np.sort(-gains, axis=1)
    assert math.isnan(mean_ndcg(best, best)) == (best.sum() == 0)
    if best.sum():
        assert abs(mean_ndcg(best, best) - 1) < 1e-12
