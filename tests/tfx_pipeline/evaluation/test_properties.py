"""Properties that hold on any cases, and equality with the definitions in plain Python."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import metric_names, score_rankings
from tfx_pipeline.evaluation.rankings import Rankings, without_history

ITEM_COUNT = 8
CUTOFFS = (1, 3, 8)


def padded(items: list[int], k: int = ITEM_COUNT) -> list[int]:
    return (items + [-1] * k)[:k]


@st.composite
def evaluation_cases(draw: st.DrawFn, min_targets: int = 0) -> EvaluationCases:
    items = st.integers(0, ITEM_COUNT - 1)
    size = draw(st.integers(1, 6))
    history = draw(st.lists(st.lists(items, max_size=12), min_size=size, max_size=size))
    targets = draw(st.lists(st.lists(items, min_size=min_targets, unique=True), min_size=size, max_size=size))
    return EvaluationCases.from_lists([f"u{i}" for i in range(size)], history, targets, ITEM_COUNT)


@st.composite
def ranked_cases(draw: st.DrawFn, min_targets: int = 0) -> tuple[EvaluationCases, NDArray[np.int32]]:
    cases = draw(evaluation_cases(min_targets))
    one_list = st.lists(st.integers(0, ITEM_COUNT - 1), unique=True).map(padded)
    return cases, np.array(draw(st.lists(one_list, min_size=len(cases), max_size=len(cases))), np.int32)


def plain_metrics(ranked: Sequence[Sequence[int]], targets: Sequence[set[int]], k: int) -> dict[str, float]:
    totals = dict.fromkeys(metric_names([k]), 0.0)
    users = [(items, wanted) for items, wanted in zip(ranked, targets, strict=True) if wanted]
    for items, wanted in users:
        hits = [rank for rank, item in enumerate(items[:k], start=1) if item in wanted]
        reachable = min(len(wanted), k)
        best = sum(1 / math.log2(rank + 1) for rank in range(1, reachable + 1))
        totals[f"HR@{k}"] += bool(hits)
        totals[f"Recall@{k}"] += len(hits) / reachable
        totals[f"NDCG@{k}"] += sum(1 / math.log2(rank + 1) for rank in hits) / best
        totals[f"Precision@{k}"] += len(hits) / k
        totals[f"MAP@{k}"] += sum(place / rank for place, rank in enumerate(hits, start=1)) / len(wanted)
        totals[f"MRR@{k}"] += 1 / hits[0] if hits else 0
        precision, recall = len(hits) / k, len(hits) / len(wanted)
        totals[f"F1@{k}"] += 2 * precision * recall / (precision + recall) if hits else 0
    return {name: total / len(users) for name, total in totals.items()} if users else dict.fromkeys(totals)


def histories(cases: EvaluationCases) -> list[list[int]]:
    return [cases.history_of(i).tolist() for i in range(len(cases))]


def target_sets(cases: EvaluationCases) -> list[set[int]]:
    return [set(cases.targets.row(i).tolist()) for i in range(len(cases))]


@given(ranked_cases())
def test_metrics_are_those_of_the_definition(drawn: tuple[EvaluationCases, NDArray[np.int32]]) -> None:
    cases, ranked = drawn
    expected: dict[str, Any] = {}
    for k in CUTOFFS:
        expected |= plain_metrics(ranked.tolist(), target_sets(cases), k)
    scores = score_rankings(ranked, cases, CUTOFFS)
    assert scores.users == sum(map(bool, target_sets(cases)))
    assert scores.means == pytest.approx(expected)


@given(ranked_cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_users_changes_nothing(drawn: tuple[EvaluationCases, NDArray[np.int32]], random: Any) -> None:
    cases, ranked = drawn
    order = np.array(random.sample(range(len(cases)), len(cases)))
    before, after = (score_rankings(ranked, cases, CUTOFFS), score_rankings(ranked[order], cases.take(order), CUTOFFS))
    assert after.means == pytest.approx(before.means)
    assert after.standard_errors == pytest.approx(before.standard_errors)


@given(ranked_cases(min_targets=1))
def test_metrics_lie_between_0_and_1(drawn: tuple[EvaluationCases, NDArray[np.int32]]) -> None:
    for values in score_rankings(drawn[1], drawn[0], CUTOFFS).per_user.values():
        assert (values >= 0).all() and (values <= 1 + 1e-12).all()


@given(evaluation_cases(min_targets=1))
def test_targets_first_is_perfect(cases: EvaluationCases) -> None:
    ranked = np.array([padded(cases.targets.row(i).tolist()) for i in range(len(cases))], np.int32)
    means = score_rankings(ranked, cases, CUTOFFS).means
    perfect = [f"{metric}@{k}" for k in CUTOFFS for metric in ("HR", "Recall", "NDCG", "MRR")] + [f"MAP@{ITEM_COUNT}"]
    assert {name: means[name] for name in perfect} == pytest.approx(dict.fromkeys(perfect, 1.0))


@given(ranked_cases(min_targets=1))
def test_a_longer_look_never_loses_a_hit(drawn: tuple[EvaluationCases, NDArray[np.int32]]) -> None:
    per_user = score_rankings(drawn[1], drawn[0], range(1, ITEM_COUNT + 1)).per_user
    hit_rates = np.stack([per_user[f"HR@{k}"] for k in range(1, ITEM_COUNT + 1)])
    assert (np.diff(hit_rates, axis=0) >= 0).all()


@given(ranked_cases(min_targets=1), st.integers(0, ITEM_COUNT - 2))
def test_moving_a_hit_up_never_lowers_a_metric(drawn: tuple[EvaluationCases, NDArray[np.int32]], place: int) -> None:
    cases, ranked = drawn
    better = ranked.copy()
    for i, wanted in enumerate(target_sets(cases)):
        if better[i, place] not in wanted and better[i, place + 1] in wanted:
            better[i, [place, place + 1]] = better[i, [place + 1, place]]
    before, after = (score_rankings(lists, cases, CUTOFFS).per_user for lists in (ranked, better))
    assert all((after[name] >= before[name] - 1e-12).all() for name in before)


@given(ranked_cases())
def test_history_leaves_a_ranking_and_the_rest_keeps_its_order(
    drawn: tuple[EvaluationCases, NDArray[np.int32]],
) -> None:
    cases, ranked = drawn
    expected = [
        padded([item for item in row if item >= 0 and item not in known])
        for row, known in zip(ranked.tolist(), histories(cases), strict=True)
    ]
    assert without_history(Rankings(ranked), cases).items.tolist() == expected


@given(evaluation_cases())
def test_new_targets_are_those_outside_the_history(cases: EvaluationCases) -> None:
    new, indices = cases.new_only()
    expected = {
        i: wanted - set(known)
        for i, (wanted, known) in enumerate(zip(target_sets(cases), histories(cases), strict=True))
        if wanted - set(known)
    }
    assert dict(zip(indices.tolist(), target_sets(new), strict=True)) == expected
    assert new.user_ids == [cases.user_ids[i] for i in indices]
    assert histories(new) == [histories(cases)[i] for i in indices]
