import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tfx_pipeline.evaluation.beyond_accuracy import beyond_names, score_beyond_accuracy
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.item_facts import ItemFacts

ITEM_COUNT, WIDTH, USERS = 6, 4, 9
items = st.integers(0, ITEM_COUNT - 1)
one_list = st.lists(items, unique=True, max_size=WIDTH).map(lambda row: row + [-1] * (WIDTH - len(row)))

# Users before the cut: item 0 had 6 of 6, item 1 had 2, item 2 had 1, item 3 nobody.
FACTS = ItemFacts(np.array([6.0, 2.0, 1.0, 0.0]), 6, np.array([0, 0, 1, 1], np.int32))
CASES = EvaluationCases.from_lists(
    ["finds", "empty list", "no history", "no target"], [[0, 1, 1], [0], [], [3]], [[0, 2], [1], [3], []], item_count=4
)
RANKED = np.array([[2, 0], [-1, -1], [3, -1], [0, 2]], np.int32)


@st.composite
def drawn_parts(draw: st.DrawFn) -> tuple[NDArray[np.int32], EvaluationCases, ItemFacts]:
    size = draw(st.integers(1, 4))

    def rows(elements: st.SearchStrategy) -> list:
        return draw(st.lists(elements, min_size=size, max_size=size))

    history, targets = rows(st.lists(items, max_size=6)), rows(st.lists(items, unique=True))
    cases = EvaluationCases.from_lists([f"u{i}" for i in range(size)], history, targets, ITEM_COUNT)
    popularity = draw(st.lists(st.integers(0, USERS), min_size=ITEM_COUNT, max_size=ITEM_COUNT))
    return np.array(rows(one_list), np.int32), cases, ItemFacts(np.array(popularity, np.float64), USERS)


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def plain_user(ranked: list[int], case: EvaluationCases, facts: ItemFacts, k: int) -> dict[str, float]:
    """The metrics of one user straight from their definitions."""
    shown, popularity = [item for item in ranked[:k] if item >= 0], facts.popularity.tolist()
    targets, history = set(case.targets.values.tolist()), set(case.history.values.tolist())
    most_popular = sorted(range(ITEM_COUNT), key=lambda item: (-popularity[item], item))[:k]
    before = mean([popularity[item] for item in history])
    return {
        f"Novelty@{k}": mean([-math.log2((popularity[item] + 1) / (USERS + 2)) for item in shown]),
        f"Serendipity@{k}": len((set(shown) & targets) - set(most_popular)) / k if targets else math.nan,
        f"PopularityLift@{k}": mean([popularity[item] for item in shown]) / before - 1 if before > 0 else math.nan,
    }


def test_novelty_by_hand() -> None:
    # -log2((n + 1) / 8): item 0 log2(8/7), item 2 log2(8/2) = 2, item 3 log2(8/1) = 3.
    novelty = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2]).per_user
    both = (2 + math.log2(8 / 7)) / 2
    assert novelty["Novelty@1"] == pytest.approx([2, math.nan, 3, math.log2(8 / 7)], nan_ok=True)
    assert novelty["Novelty@2"] == pytest.approx([both, math.nan, 3, both], nan_ok=True)


def test_popularity_lift_by_hand() -> None:
    # The first user's history has the items 0 and 1, on average (6 + 2) / 2 = 4 users: 1 / 4 - 1 for item 2, and
    # (1 + 6) / 2 / 4 - 1 for both. Then an empty list, an empty history, and a history that nobody used.
    lift = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2]).per_user
    nothing = [math.nan] * 3
    assert lift["PopularityLift@1"] == pytest.approx([-3 / 4, *nothing], nan_ok=True)
    assert lift["PopularityLift@2"] == pytest.approx([-1 / 8, *nothing], nan_ok=True)


def test_serendipity_by_hand() -> None:
    # The first user is shown two hits; item 2 is not among the 2 most popular, 0 and 1, item 0 is: 1 / 2.
    # The empty list misses. The third user's only hit counts 1 / 2, the missing rank misses. No target, no value.
    scores = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2]).per_user
    assert scores["Serendipity@1"] == pytest.approx([1, 0, 1, math.nan], nan_ok=True)
    assert scores["Serendipity@2"] == pytest.approx([1 / 2, 0, 1 / 2, math.nan], nan_ok=True)


def test_another_primitive_model_of_serendipity() -> None:
    # It shows the first user item 2, which is no surprise any more, and not item 0, which now is one.
    popular = np.array([[1, 2], [0, 1], [0, 1], [0, 1]])
    scores = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2], popular).per_user
    assert scores["Serendipity@1"][0] == 1
    assert scores["Serendipity@2"][0] == 1 / 2


def test_diversity_and_the_catalogue_by_hand() -> None:
    # Items 2 and 0 are of two groups. Rank 1 shows the items 2, 3 and 0 of 4; of the sorted exposure 0, 1, 1, 1 the
    # Gini index is (-1 + 1 + 3) / (3 * 3).
    scores = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2])
    assert scores.per_user["Diversity@2"] == pytest.approx([1, math.nan, math.nan, 1], nan_ok=True)
    assert scores.overall["Coverage@1"] == pytest.approx(3 / 4)
    assert scores.overall["Gini@1"] == pytest.approx(1 / 3)


def test_names_are_those_of_the_scores() -> None:
    scores = score_beyond_accuracy(RANKED, CASES, FACTS, [1, 2])
    assert set(beyond_names([1, 2])) == set(scores.per_user) | set(scores.overall)
    assert beyond_names([2])[:2] == ["Diversity@2", "Novelty@2"]


def test_a_catalogue_smaller_than_the_list() -> None:
    cases = EvaluationCases.from_lists(["u"], [[0]], [[0]], item_count=1)
    scores = score_beyond_accuracy(np.array([[0, -1]]), cases, ItemFacts(np.array([1.0]), 1), [2])
    assert scores.per_user["Serendipity@2"].tolist() == [0]


@given(drawn_parts())
def test_metrics_are_those_of_the_definitions(drawn: tuple[NDArray[np.int32], EvaluationCases, ItemFacts]) -> None:
    ranked, cases, facts = drawn
    scores = score_beyond_accuracy(ranked, cases, facts, [1, 3, WIDTH]).per_user
    for k in (1, 3, WIDTH):
        users = [plain_user(ranked[i].tolist(), cases[i : i + 1], facts, k) for i in range(len(cases))]
        for name in users[0]:
            assert scores[name] == pytest.approx([user[name] for user in users], nan_ok=True), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cutoffs": []}, "no cut-off is given"),
        ({"cutoffs": [3]}, "cut-off 3 needs as many ranks, the rankings have 2"),
        ({"ranked": np.array([[0, 0]] * 4)}, "case 'finds': a list ranks an item twice"),
        ({"facts": ItemFacts(np.zeros(2), 1)}, "facts of 2 items, expected those of a catalogue of 4"),
        (
            {"popular": np.array([[0]] * 4)},
            "popular items have shape (4, 1), expected that of the rankings, (4, 2)",
        ),
    ],
)
def test_invalid_input(change: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        score_beyond_accuracy(**({"ranked": RANKED, "cases": CASES, "facts": FACTS, "cutoffs": [1]} | change))
    assert str(error.value) == message
