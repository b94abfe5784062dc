import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, mean_intervals
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import score_rankings
from tfx_pipeline.evaluation.slice_scores import SLICE_METRICS, SliceScore, score_slices
from tfx_pipeline.evaluation.slicing import Slicing

ITEM_COUNT, WIDTH, LABELS = 6, 4, ("a", "b", "c")
items = st.integers(0, ITEM_COUNT - 1)
one_list = st.lists(items, unique=True, max_size=WIDTH).map(lambda row: row + [-1] * (WIDTH - len(row)))

CASES = EvaluationCases.from_lists(["u", "v", "w"], [[], [], []], [[0, 1], [2], []], item_count=4)
RANKED = np.array([[0, 3, 1], [3, 2, -1], [0, 1, 2]], np.int32)
BY_ITEM = Slicing("brand", ("a", "b", "nobody wants"), np.array([0, 1, 0], np.int32))


@st.composite
def drawn_slices(draw: st.DrawFn) -> tuple[NDArray[np.int32], EvaluationCases, Slicing]:
    size = draw(st.integers(1, 5))
    targets = draw(st.lists(st.lists(items, unique=True), min_size=size, max_size=size))
    cases = EvaluationCases.from_lists([f"u{i}" for i in range(size)], [[]] * size, targets, ITEM_COUNT)
    ranked = draw(st.lists(one_list, min_size=size, max_size=size))
    wanted = len(cases.targets.values)
    numbers = draw(st.lists(st.integers(-1, len(LABELS) - 1), min_size=wanted, max_size=wanted))
    return np.array(ranked, np.int32), cases, Slicing("drawn", LABELS, np.array(numbers, np.int32))


def scores_of(ranked: NDArray[np.int32], cases: EvaluationCases, slicing: Slicing) -> dict[str, SliceScore]:
    return {score.label: score for score in score_slices("m", "all", ranked, cases, [slicing], [1, WIDTH])}


def slice_cases(cases: EvaluationCases, slicing: Slicing, number: int) -> EvaluationCases:
    """The cases with the targets of one slice alone."""
    return replace(cases, targets=cases.targets.keep(slicing.target_labels == number))


def test_by_hand() -> None:
    # In slice a the first user wants item 0, found at rank 1, and the second wants item 2, at rank 2.
    # In slice b only the first user counts: item 1 stands at rank 3, since item 0 keeps its rank.
    a, b, nobody = score_slices("ours", "new", RANKED, CASES, [BY_ITEM], [1, 3], smallest_users=2)
    assert (a.dimension, a.label, a.model, a.items) == ("brand", "a", "ours", "new")
    assert (a.users, a.targets, a.too_small) == (2, 2, False)
    second = 1 / math.log2(3)
    expected = {"HR@1": 1 / 2, "Recall@1": 1 / 2, "NDCG@1": 1 / 2, "MRR@1": 1 / 2}
    expected |= {"HR@3": 1, "Recall@3": 1, "NDCG@3": (1 + second) / 2, "MRR@3": (1 + 1 / 2) / 2}
    assert a.metrics == pytest.approx(expected)
    assert (b.users, b.targets, b.too_small) == (1, 1, True)
    third = {"HR@3": 1, "Recall@3": 1, "NDCG@3": 1 / math.log2(4), "MRR@3": 1 / 3}
    assert b.metrics == pytest.approx({"HR@1": 0, "Recall@1": 0, "NDCG@1": 0, "MRR@1": 0} | third)
    assert (nobody.users, nobody.targets, nobody.too_small) == (0, 0, True)
    assert set(nobody.metrics) == set(a.metrics) and set(nobody.metrics.values()) == {None}


def test_intervals_are_those_of_the_users_in_the_slice() -> None:
    counts = bootstrap_counts(3, 50, 7)
    a, b, nobody = score_slices("m", "all", RANKED, CASES, [BY_ITEM], [3], counts)
    found = {"MRR@3": np.array([1.0, 0.5, np.nan])}
    assert a.intervals["MRR@3"] == mean_intervals(found, counts)["MRR@3"]
    # One user alone says nothing of others.
    assert set(b.intervals.values()) == set(nobody.intervals.values()) == {None}


def test_without_rounds_there_are_no_intervals() -> None:
    for score in score_slices("m", "all", RANKED, CASES, [BY_ITEM], [1]):
        assert set(score.intervals) == set(score.metrics) and set(score.intervals.values()) == {None}


def test_dimensions_follow_each_other() -> None:
    by_user = Slicing("country", ("x",), np.array([0, 0, -1], np.int32))
    scores = score_slices("m", "all", RANKED, CASES, [BY_ITEM, by_user], [1])
    assert [(score.dimension, score.label) for score in scores][2:] == [("brand", "nobody wants"), ("country", "x")]


@given(drawn_slices())
def test_a_slice_is_scored_as_if_its_targets_were_all(
    drawn: tuple[NDArray[np.int32], EvaluationCases, Slicing],
) -> None:
    ranked, cases, slicing = drawn
    scores = scores_of(ranked, cases, slicing)
    for number, label in enumerate(LABELS):
        alone = score_rankings(ranked, slice_cases(cases, slicing, number), [1, WIDTH])
        names = [f"{metric}@{k}" for k in (1, WIDTH) for metric in SLICE_METRICS]
        assert scores[label].users == alone.users
        assert scores[label].metrics == pytest.approx({name: alone.means[name] for name in names})


@given(drawn_slices())
def test_slices_part_the_targets(drawn: tuple[NDArray[np.int32], EvaluationCases, Slicing]) -> None:
    ranked, cases, slicing = drawn
    scores = scores_of(ranked, cases, slicing)
    assert sum(score.targets for score in scores.values()) == (slicing.target_labels >= 0).sum()


@given(drawn_slices(), st.randoms(use_true_random=False))
def test_slices_by_user_part_the_users(
    drawn: tuple[NDArray[np.int32], EvaluationCases, Slicing], random: "np.random.Generator"
) -> None:
    ranked, cases, _ = drawn
    of_user = np.array([random.randint(0, len(LABELS) - 1) for _ in range(len(cases))], np.int32)
    scores = scores_of(ranked, cases, Slicing("country", LABELS, of_user[cases.targets.owners]))
    assert sum(score.users for score in scores.values()) == (cases.targets.lengths > 0).sum()
    assert sum(score.targets for score in scores.values()) == len(cases.targets.values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cutoffs": []}, "no cut-off is given"),
        ({"ranked": np.array([[0, 0]] * 3)}, "case 'u': a list ranks an item twice"),
        (
            {"slicings": [Slicing("brand", ("a",), np.zeros(2, np.int32))]},
            "slices by brand: 2 labels for 3 targets",
        ),
    ],
)
def test_invalid_input(change: dict, message: str) -> None:
    parts = {"model": "m", "items": "all", "ranked": RANKED, "cases": CASES, "slicings": [BY_ITEM], "cutoffs": [1]}
    with pytest.raises(ValueError) as error:
        score_slices(**(parts | change))
    assert str(error.value) == message
