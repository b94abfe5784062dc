"""What holds for every baseline."""

from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import BASELINES, EASE, ItemKNN, ScoringRanker, Transitions
from tfx_pipeline.evaluation.baselines.registry import Baseline
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.rankings import check_rankings
from tfx_pipeline.evaluation.top_k import top_k

Shop = tuple[Interactions, EvaluationCases]
VARIANTS: dict[str, Baseline] = {
    **BASELINES,
    "item-kNN of the history": ItemKNN(of="history", neighbours=3),
    "item-kNN of a few items": ItemKNN(items=8),
    "EASE of a few items": EASE(items=8, regularisation=1.0),
    "EASE without popularity": EASE(times_recent_popularity=False, regularisation=0.1),
    "transitions both ways": Transitions(both_ways=True, power=1.0),
}
# Of equal neighbours or items these take the first ones, or they draw numbers in catalogue order.
IN_CATALOGUE_ORDER = {"item-kNN of the history", "item-kNN of a few items", "EASE of a few items", "iALS"}


@pytest.fixture(scope="module", params=list(VARIANTS))
def baseline(request: pytest.FixtureRequest) -> Baseline:
    return VARIANTS[request.param]


@pytest.fixture
def ranker(baseline: Baseline, random_shop: Shop) -> ScoringRanker:
    return baseline.fit(random_shop[0])


@pytest.mark.parametrize("new_only", [False, True])
@pytest.mark.parametrize("k", [1, 7, 30, 50])
def test_rankings_are_valid(ranker: ScoringRanker, random_shop: Shop, k: int, new_only: bool) -> None:
    cases = random_shop[1]
    ranked = ranker(cases, k, new_only)
    check_rankings(ranked.items, cases)
    assert ranked.items.shape == (len(cases), k) and ranked.items.dtype == np.int32
    known = [len(set(cases.history_of(i).tolist())) if new_only else 0 for i in range(len(cases))]
    assert (ranked.items >= 0).sum(axis=1).tolist() == [min(k, 30 - count) for count in known]


@pytest.mark.parametrize("new_only", [False, True])
def test_a_ranking_is_the_order_of_the_scores(ranker: ScoringRanker, random_shop: Shop, new_only: bool) -> None:
    cases = random_shop[1]
    scores = ranker.score(cases)
    assert scores.shape == (len(cases), 30) and scores.dtype == np.float32 and np.isfinite(scores).all()
    if new_only:
        scores[cases.history.owners, cases.history.values] = -np.inf
    ranked, expected = ranker(cases, 12, new_only), top_k(scores, 12)
    assert ranked.items.tolist() == expected.items.tolist()
    np.testing.assert_allclose(ranked.scores, expected.scores, rtol=1e-5)


def test_new_only_leaves_out_the_history(ranker: ScoringRanker, random_shop: Shop) -> None:
    cases = random_shop[1]
    ranked = ranker(cases, 30, True).items
    assert not np.isin(cases.ranked_keys(ranked), cases.keys(cases.history)).any()


def test_items_that_nobody_bought_come_last(ranker: ScoringRanker, random_shop: Shop) -> None:
    cases = random_shop[1]
    last = ranker(cases, 30, False).items[:, -3:]
    assert last.tolist() == [[27, 28, 29]] * len(cases)


def test_an_empty_history_gets_what_is_popular(baseline: Baseline, random_shop: Shop) -> None:
    interactions, cases = random_shop
    nobody = baseline.fit(interactions)(cases[:1], 5, False).items[0].tolist()
    name = "recent popular" if baseline in (BASELINES["recent popular"], BASELINES["buy again, recent"]) else None
    assert nobody == BASELINES[name or "most popular"].fit(interactions)(cases[:1], 5, False).items[0].tolist()


def test_a_history_of_unknown_items_is_no_error(ranker: ScoringRanker) -> None:
    stranger = EvaluationCases.from_lists(["new"], [[29, 28, 29]], [[]], 30)
    check_rankings(ranker(stranger, 30, False).items, stranger)
    assert 0 <= ranker(stranger, 1, True).items[0, 0] < 27


def test_users_need_not_be_of_the_training_window(ranker: ScoringRanker, random_shop: Shop) -> None:
    cases = random_shop[1]
    renamed = replace(cases, user_ids=[f"stranger {i}" for i in range(len(cases))])
    assert ranker(renamed, 9, True).items.tolist() == ranker(cases, 9, True).items.tolist()


def test_the_same_twice(baseline: Baseline, random_shop: Shop) -> None:
    interactions, cases = random_shop
    first, second = (baseline.fit(interactions).score(cases) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("scores_at_once", [1, 100, 1000])
def test_the_size_of_a_batch_does_not_matter(ranker: ScoringRanker, random_shop: Shop, scores_at_once: int) -> None:
    cases = random_shop[1]
    small = replace(ranker, scores_at_once=scores_at_once)
    assert small(cases, 9, True).items.tolist() == ranker(cases, 9, True).items.tolist()


def test_no_cases(ranker: ScoringRanker, random_shop: Shop) -> None:
    ranked = ranker(random_shop[1][:0], 4, True)
    assert ranked.items.shape == (0, 4) and ranker.score(random_shop[1][:0]).shape == (0, 30)


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in IN_CATALOGUE_ORDER])
def test_renumbering_the_items_renumbers_the_scores(name: str, random_shop: Shop) -> None:
    (interactions, cases), baseline = random_shop, VARIANTS[name]
    order = np.random.default_rng(5).permutation(30)
    moved_history = replace(cases.history, values=order[cases.history.values].astype(np.int32))
    moved = replace(cases, history=moved_history)
    scores = baseline.fit(interactions).score(cases)
    moved_scores = baseline.fit(replace(interactions, items=order[interactions.items])).score(moved)
    np.testing.assert_allclose(moved_scores[:, order], scores, rtol=1e-4, atol=1e-5)


def test_a_shop_without_a_clock(baseline: Baseline, random_shop: Shop) -> None:
    interactions, cases = random_shop
    timeless = replace(cases, ages=None)
    ranked = baseline.fit(replace(interactions, ages=None))(timeless, 10, False)
    check_rankings(ranked.items, timeless)


def test_a_shop_without_events(baseline: Baseline) -> None:
    nothing = Interactions(np.zeros(0, np.int64), np.zeros(0, np.int64), 0, 4)
    cases = EvaluationCases.from_lists(["a", "b"], [[], []], [[], []], 4)
    assert baseline.fit(nothing)(cases, 5, False).items.tolist() == [[0, 1, 2, 3, -1]] * 2


@pytest.mark.parametrize(("k", "items", "message"), [(0, 30, "k is 0, expected at least 1"), (3, 31, None)])
def test_invalid_input(ranker: ScoringRanker, k: int, items: int, message: str | None) -> None:
    cases = EvaluationCases.from_lists(["a"], [[1]], [[]], items)
    with pytest.raises(ValueError) as error:
        ranker(cases, k, False)
    assert str(error.value) == (message or "the cases are of 31 items, the baseline of 30")
