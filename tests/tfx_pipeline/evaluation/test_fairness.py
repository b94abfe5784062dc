import math
from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.fairness import FairnessGap, exposure_gaps, quality_gaps
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.slice_scores import SliceScore

CASES = EvaluationCases.from_lists(["u", "v"], [[], []], [[0, 1], [2, 3]], item_count=4)
BRANDS = Labelling(("a", "b", "c"), np.array([0, 1, 1, 2], np.int32))


def score(label: str, value: float | None, dimension: str = "country", model: str = "ours") -> SliceScore:
    return SliceScore(dimension, label, model, "all", 60, 90, {"NDCG@10": value}, {"NDCG@10": None}, False)


def test_quality_is_best_minus_worst() -> None:
    scores = [score("x", 0.3), score("y", 0.1), score("z", 0.25), score("x", 0.2, model="other")]
    gaps = quality_gaps([*scores, score("y", 0.1, model="other")], "NDCG@10", {"country": 0.15})
    assert gaps[0] == FairnessGap(
        "country", "quality", "NDCG@10", "ours", "x", 0.3, "y", 0.1, pytest.approx(0.2), largest_allowed=0.15
    )
    assert not gaps[0].passed
    assert (gaps[1].model, gaps[1].gap, gaps[1].passed) == ("other", pytest.approx(0.1), True)


def test_only_large_slices_of_all_items_are_compared() -> None:
    scores = [
        score("x", 0.3),
        score("y", 0.2),
        replace(score("small", 0.0), too_small=True),
        replace(score("new", 0.9), items="new"),
        score("empty", None),
    ]
    (gap,) = quality_gaps(scores, "NDCG@10", {})
    assert (gap.best_label, gap.worst_label, gap.largest_allowed, gap.passed) == ("x", "y", None, True)


def test_one_slice_has_no_gap() -> None:
    assert quality_gaps([score("x", 0.3), score("y", 0.2, "brand")], "NDCG@10", {"country": 0.0}) == []


def test_a_metric_that_was_not_scored() -> None:
    with pytest.raises(ValueError) as error:
        quality_gaps([score("x", 0.3)], "HR@5", {})
    assert str(error.value) == "slices by country have no HR@5, only NDCG@10"


def test_exposure_by_hand() -> None:
    # Rank 1 exposes 1 and rank 2 exposes d = 1 / log2(3). Item 0 (a) stands first twice, items 1 and 3 (b and c)
    # once at rank 2: shares 2, d and d of 2 + 2 d. Of the four targets one is a, two are b, one is c.
    (gap,) = exposure_gaps("ours", np.array([[0, 1], [0, 3]]), CASES, {"brand": BRANDS}, 2, {"brand": 0.3})
    discount = 1 / math.log2(3)
    total = 2 + 2 * discount
    best, worst = 2 / total - 1 / 4, discount / total - 1 / 2
    assert (gap.kind, gap.metric, gap.model, gap.dimension) == ("exposure", "Exposure@2", "ours", "brand")
    assert (gap.best_label, gap.best) == ("a", pytest.approx(best))
    assert (gap.worst_label, gap.worst) == ("b", pytest.approx(worst))
    assert gap.gap == pytest.approx(max(best, -worst)) and not gap.passed


def test_exposure_ends_at_its_rank_and_at_the_padding() -> None:
    (gap,) = exposure_gaps("m", np.array([[0, 1], [-1, -1]]), CASES, {"brand": BRANDS}, 1, {})
    # Only item 0 is shown: a has all of the exposure and a quarter of the targets, b has nothing and half.
    assert (gap.best, gap.worst, gap.gap) == pytest.approx((3 / 4, -1 / 2, 3 / 4))


def test_items_without_a_label_are_in_no_share() -> None:
    # Of the labelled items 0 and 1 both are wanted once and shown once at rank 1.
    labels = Labelling(("a", "b"), np.array([0, 1, -1, -1], np.int32))
    (gap,) = exposure_gaps("m", np.array([[0, 2], [1, 3]]), CASES, {"brand": labels}, 2, {"brand": 0.0})
    assert (gap.gap, gap.passed) == (0.0, True)


@pytest.mark.parametrize(
    ("ranked", "labelling"),
    [
        ([[0], [0]], Labelling(("a",), np.zeros(4, np.int32))),
        ([[-1], [-1]], BRANDS),
        ([[0], [1]], Labelling(("a", "b"), np.full(4, -1, np.int32))),
    ],
    ids=["one group", "nothing shown", "no labels"],
)
def test_nothing_to_compare_is_no_gap(ranked: list[list[int]], labelling: Labelling) -> None:
    assert exposure_gaps("m", np.array(ranked), CASES, {"brand": labelling}, 1, {"brand": 0.0}) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 3}, "exposure to rank 3, the rankings have 2"),
        ({"k": 0}, "exposure to rank 0, the rankings have 2"),
        ({"ranked": np.array([[0, 0], [1, 2]])}, "case 'u': a list ranks an item twice"),
        (
            {"item_labels": {"brand": Labelling(("a",), np.zeros(3, np.int32))}},
            "slices by brand: 3 labels for 4 items",
        ),
    ],
)
def test_invalid_input(change: dict, message: str) -> None:
    parts = {"ranked": np.array([[0, 1], [0, 3]]), "cases": CASES, "item_labels": {"brand": BRANDS}, "k": 1}
    with pytest.raises(ValueError) as error:
        exposure_gaps(model="m", allowed={}, **(parts | change))
    assert str(error.value) == message
