import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.evaluation.baselines import BuyAgain, MostPopular
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

ITEMS = 6
histories = st.lists(st.lists(st.integers(0, ITEMS - 1), max_size=8), min_size=1, max_size=5)


def shop(lists: list[list[int]]) -> tuple[Interactions, EvaluationCases]:
    cases = EvaluationCases.from_lists([f"u{i}" for i in range(len(lists))], lists, [[] for _ in lists], ITEMS)
    items = cases.history.values.astype(np.int64)
    return Interactions(cases.history.owners, items, len(lists), ITEMS), cases


def padded(items: list[int], k: int) -> list[int]:
    return (items + [-1] * k)[:k]


def users_of(lists: list[list[int]], item: int) -> int:
    return sum(item in row for row in lists)


@settings(deadline=None)
@given(histories, st.integers(1, ITEMS + 2), st.booleans())
def test_most_popular_is_a_sort_by_users(lists: list[list[int]], k: int, new_only: bool) -> None:
    interactions, cases = shop(lists)
    order = sorted(range(ITEMS), key=lambda item: (-users_of(lists, item), item))
    expected = [padded([item for item in order if not (new_only and item in row)], k) for row in lists]
    assert MostPopular().fit(interactions)(cases, k, new_only).items.tolist() == expected


@settings(deadline=None)
@given(histories, st.integers(1, ITEMS + 2))
def test_buy_again_is_a_sort_by_own_frequency_then_users(lists: list[list[int]], k: int) -> None:
    interactions, cases = shop(lists)
    expected = [
        padded(sorted(range(ITEMS), key=lambda item: (-row.count(item), -users_of(lists, item), item)), k)
        for row in lists
    ]
    assert BuyAgain().fit(interactions)(cases, k, False).items.tolist() == expected


@settings(deadline=None)
@given(histories, st.integers(1, ITEMS + 2))
def test_buy_again_of_new_items_is_most_popular(lists: list[list[int]], k: int) -> None:
    interactions, cases = shop(lists)
    ranked = (baseline.fit(interactions)(cases, k, True).items.tolist() for baseline in (BuyAgain(), MostPopular()))
    assert next(ranked) == next(ranked)


def test_scores_are_counts() -> None:
    interactions, cases = shop([[0, 0, 1], [1]])
    assert MostPopular().fit(interactions).score(cases).tolist() == [[1, 2, -3, -3, -3, -3]] * 2
    assert BuyAgain().fit(interactions).score(cases)[0].tolist() == [2.5, 1.75, -3, -3, -3, -3]
