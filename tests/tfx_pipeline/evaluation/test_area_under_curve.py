import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.evaluation.area_under_curve import resampled_auc
from tfx_pipeline.evaluation.bootstrap import bootstrap_counts


def pair_by_pair(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> float:
    """The definition: every positive against every negative."""
    positive, negative = labels == 1, labels == 0
    wins = np.sign(scores[positive][:, None] - scores[negative][None, :]) / 2 + 0.5
    pairs = weights[positive][:, None] * weights[negative][None, :]
    return float((wins * pairs).sum() / pairs.sum()) if pairs.sum() else math.nan


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_equal_to_the_definition(rows: int, user_count: int, levels: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, scores = random.integers(0, 2, rows), random.integers(0, levels, rows) / levels
    users, counts = random.integers(0, user_count, rows), bootstrap_counts(user_count, 5, seed)
    expected = [pair_by_pair(labels, scores, drawn[users]) for drawn in counts.astype(np.int64)]
    assert resampled_auc(labels, scores, users, counts) == pytest.approx(expected, nan_ok=True)


def test_no_rows() -> None:
    nothing = np.zeros(0, np.int64)
    assert np.isnan(resampled_auc(nothing, nothing.astype(float), nothing, np.ones((3, 0), np.uint16))).tolist() == [
        True,
        True,
        True,
    ]
