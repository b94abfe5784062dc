from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import bootstrap_counts
from tfx_pipeline.evaluation.catalogue_exposure import aggregate_intervals, catalogue_metrics

ITEM_COUNT, WIDTH = 6, 4
lists = st.lists(st.integers(0, ITEM_COUNT - 1), unique=True, max_size=WIDTH).map(
    lambda items: items + [-1] * (WIDTH - len(items))
)
rankings = st.lists(lists, min_size=1, max_size=5).map(lambda rows: np.array(rows, np.int32))


def plain_metrics(ranked: list[list[int]], k: int) -> tuple[float, float | None]:
    """Coverage and Gini index straight from their definitions, over the sorted exposure of the whole catalogue."""
    shown = Counter(item for row in ranked for item in row[:k] if item >= 0)
    exposure = sorted(shown[item] for item in range(ITEM_COUNT))
    total = sum(exposure)
    weighted = sum((2 * place - ITEM_COUNT - 1) * times for place, times in enumerate(exposure, start=1))
    gini = weighted / ((ITEM_COUNT - 1) * total) if total else None
    return len(shown) / ITEM_COUNT, gini


def plain_interval(ranked: NDArray[np.int32], counts: NDArray[np.uint16], k: int, place: int) -> list[float]:
    """The spread of the rounds around their mean, put around the value."""
    resampled = [np.repeat(ranked, drawn, axis=0).tolist() for drawn in counts]
    rounds = [value for value in (plain_metrics(rows, k)[place] for rows in resampled) if value is not None]
    value = plain_metrics(ranked.tolist(), k)[place]
    ends = np.quantile(rounds, [0.05, 0.95]) - np.mean(rounds)
    return np.clip(value + ends, 0, 1).tolist()


def test_by_hand() -> None:
    # Of 4 items, item 0 is shown twice and item 1 once: coverage 2/4. Sorted exposure 0, 0, 1, 2 with weights
    # 2 i - 5 = -3, -1, 1, 3: (1 + 6) / (3 * 3).
    metrics = catalogue_metrics(np.array([[0, 1], [0, -1]]), 4, [1, 2])
    # Only item 0 is shown at rank 1, twice: (3 * 2) / (3 * 2).
    assert metrics == pytest.approx({"Coverage@1": 1 / 4, "Gini@1": 1, "Coverage@2": 2 / 4, "Gini@2": 7 / 9})


def test_all_items_shown_equally_often() -> None:
    metrics = catalogue_metrics(np.array([[0, 1], [2, 3]]), 4, [2])
    assert metrics == pytest.approx({"Coverage@2": 1, "Gini@2": 0})


@pytest.mark.parametrize(
    ("ranked", "item_count", "coverage", "gini"),
    [([[-1, -1]], 4, 0.0, None), ([[0, -1]], 1, 1.0, None), ([[-1, -1]], 0, None, None)],
)
def test_values_that_do_not_exist(
    ranked: list[list[int]], item_count: int, coverage: float | None, gini: float | None
) -> None:
    assert catalogue_metrics(np.array(ranked), item_count, [2]) == {"Coverage@2": coverage, "Gini@2": gini}


def test_no_users() -> None:
    nobody = np.zeros((0, 2), np.int32)
    assert catalogue_metrics(nobody, 4, [2]) == {"Coverage@2": 0.0, "Gini@2": None}
    intervals = aggregate_intervals(nobody, np.zeros((3, 0), np.uint16), 4, [2])
    assert intervals == {"Coverage@2": (0.0, 0.0), "Gini@2": None}


@given(rankings)
def test_metrics_are_those_of_the_definitions(ranked: NDArray[np.int32]) -> None:
    for k in (1, WIDTH):
        coverage, gini = plain_metrics(ranked.tolist(), k)
        metrics = catalogue_metrics(ranked, ITEM_COUNT, [k])
        assert metrics == {f"Coverage@{k}": pytest.approx(coverage), f"Gini@{k}": pytest.approx(gini)}


@given(rankings.filter(lambda ranked: ranked.max() >= 0), st.integers(0, 3))
def test_intervals_are_those_of_the_resampled_users(ranked: NDArray[np.int32], seed: int) -> None:
    counts = bootstrap_counts(len(ranked), 8, seed)
    intervals = aggregate_intervals(ranked, counts, ITEM_COUNT, [2], level=0.9)
    assert intervals["Coverage@2"] == pytest.approx(plain_interval(ranked, counts, 2, place=0))
    gini = intervals["Gini@2"]
    nothing_is_shown = all(not (np.repeat(ranked, drawn, axis=0) >= 0).any() for drawn in counts)
    assert gini is None if nothing_is_shown else gini == pytest.approx(plain_interval(ranked, counts, 2, place=1))


def test_intervals_hold_the_value_and_shrink_with_users() -> None:
    random = np.random.default_rng(3)
    widths = {}
    for users in (50, 800):
        ranked = np.stack([random.choice(500, 5, replace=False) for _ in range(users)])
        values = catalogue_metrics(ranked, 500, [5])
        intervals = aggregate_intervals(ranked, bootstrap_counts(users, 200, 7), 500, [5])
        for name, interval in intervals.items():
            assert interval is not None and interval[0] <= values[name] <= interval[1]
        widths[users] = np.subtract(*intervals["Gini@5"][::-1])
    assert widths[800] < widths[50]
