import math
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, ratio_intervals
from tfx_pipeline.evaluation.impressions import Impressions, score_impressions

RANKED = np.array([[4, 1, 2], [3, 4, -1], [0, 1, 2]], np.int32)
# (case, item, clicked, converted): the first user saw item 1 twice, and item 9 that is in no list.
LOG = [
    (0, 1, True, True),
    (0, 1, False, False),
    (0, 2, True, False),
    (0, 9, True, True),
    (1, 4, False, True),
    (1, 1, True, False),
]


def impressions(log: list[tuple[int, int, bool, bool]], with_conversions: bool = True) -> Impressions:
    owners, items, clicked, converted = (np.array(column) for column in zip(*log, strict=True))
    return Impressions(owners, items, clicked, converted if with_conversions else None)


def test_golden_values() -> None:
    scores = score_impressions(RANKED, impressions(LOG), [1, 2, 3])
    assert {name: ratio.value for name, ratio in scores.items()} == {
        "CTR@1": None,
        "CVR@1": None,
        "Shown@1": 0.0,
        "CTR@2": 1 / 3,
        "CVR@2": 1.0,
        "Shown@2": 2 / 6,
        "CTR@3": 2 / 4,
        "CVR@3": 1 / 2,
        "Shown@3": 3 / 8,
    }


def test_sums_are_per_user() -> None:
    ratio = score_impressions(RANKED, impressions(LOG), [3])["CTR@3"]
    assert (ratio.numerators.tolist(), ratio.denominators.tolist()) == ([2, 0, 0], [3, 1, 0])


def test_without_logged_conversions_there_is_no_cvr() -> None:
    assert list(score_impressions(RANKED, impressions(LOG, False), [3])) == ["CTR@3", "Shown@3"]


def test_nothing_was_shown() -> None:
    nothing = np.zeros(0, np.int64)
    scores = score_impressions(RANKED, Impressions(nothing, nothing, nothing.astype(bool)), [3])
    assert (scores["CTR@3"].value, scores["Shown@3"].value) == (None, 0.0)


def test_nobody_was_asked() -> None:
    nothing = np.zeros(0, np.int64)
    log = Impressions(nothing, nothing, nothing.astype(bool))
    assert score_impressions(np.zeros((0, 3), np.int32), log, [3])["Shown@3"].value is None


def test_equal_to_going_through_the_log() -> None:
    random = np.random.default_rng(0)
    ranked = np.stack([random.permutation(40)[:10] for _ in range(60)])
    owners, items = random.integers(0, 60, 900), random.integers(0, 50, 900)
    clicked, converted = random.random(900) < 0.3, random.random(900) < 0.5
    scores = score_impressions(ranked, Impressions(owners, items, clicked, converted), [4, 10])
    for k in (4, 10):
        seen = [row for row in range(900) if items[row] in ranked[owners[row], :k]]
        clicks = [row for row in seen if clicked[row]]
        pairs = set(zip(owners.tolist(), items.tolist(), strict=True))
        places = [(user, item) for user in range(60) for item in ranked[user, :k].tolist()]
        assert scores[f"CTR@{k}"].value == pytest.approx(len(clicks) / len(seen))
        assert scores[f"CVR@{k}"].value == pytest.approx(sum(converted[row] for row in clicks) / len(clicks))
        assert scores[f"Shown@{k}"].value == pytest.approx(sum(place in pairs for place in places) / len(places))
    intervals = ratio_intervals(scores, bootstrap_counts(60, 500, 1))
    for name, ratio in scores.items():
        low, high = intervals[name] or (math.nan, math.nan)
        assert low < (ratio.value or 0) < high


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"items": np.array([1])}, "items has shape (1,), owners (2,)"),
        ({"converted": np.array([True])}, "converted has shape (1,), owners (2,)"),
        ({"clicked": np.array([0, 1])}, "clicked holds int64, expected bool"),
        ({"owners": np.array([0, -1])}, "impression 1: case -1 is negative"),
        ({"items": np.array([-1, 0])}, "impression 0: item row -1 is negative"),
    ],
)
def test_invalid_impressions(changes: dict[str, Any], message: str) -> None:
    valid = {"owners": np.array([0, 1]), "items": np.array([1, 1]), "clicked": np.array([True, False])}
    with pytest.raises(ValueError) as error:
        Impressions(**valid | changes)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("log", "cutoffs", "message"),
    [
        ([(3, 1, True, True)], [3], "an impression belongs to case 3, there are 3 lists"),
        (LOG, [4], "cut-off 4 needs as many ranks, the rankings have 3"),
        (LOG, [0], "cut-off 0 is below 1"),
    ],
)
def test_lists_that_do_not_fit(log: list[tuple[int, int, bool, bool]], cutoffs: list[int], message: str) -> None:
    with pytest.raises(ValueError) as error:
        score_impressions(RANKED, impressions(log), cutoffs)
    assert str(error.value) == message
