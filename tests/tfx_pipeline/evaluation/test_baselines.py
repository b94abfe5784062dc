import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import buy_again, distinct_users_per_item, most_popular
from tfx_pipeline.evaluation.cases import EvaluationCases

CASES = EvaluationCases.from_lists(["ann", "ben"], [[4, 2, 4, 0], []], [[0], [1]], item_count=5)
COUNTS = np.array([3, 1, 3, 9, 0])


def test_popularity_counts_each_user_once() -> None:
    counts = distinct_users_per_item(np.array([0, 0, 1, 2, 2]), np.array([1, 1, 1, 0, 3]), 5)
    assert counts.tolist() == [1, 2, 0, 1, 0]


def test_most_popular_is_the_same_for_everyone() -> None:
    assert most_popular(COUNTS, 3, CASES, exclude_history=False).tolist() == [[3, 0, 2], [3, 0, 2]]


def test_most_popular_without_the_history_fills_up() -> None:
    assert most_popular(COUNTS, 3, CASES, exclude_history=True).tolist() == [[3, 1, -1], [3, 0, 2]]


def test_buy_again_is_own_frequency_then_popularity() -> None:
    assert buy_again(COUNTS, 5, CASES, exclude_history=False).tolist() == [[4, 0, 2, 3, 1], [3, 0, 2, 1, 4]]


def test_buy_again_of_new_items_is_most_popular() -> None:
    expected = most_popular(COUNTS, 4, CASES, exclude_history=True)
    assert buy_again(COUNTS, 4, CASES, exclude_history=True).tolist() == expected.tolist()


def test_no_cases() -> None:
    assert buy_again(COUNTS, 4, CASES[:0], exclude_history=False).shape == (0, 4)


def test_unsigned_counts() -> None:
    counts = COUNTS.astype(np.uint8)
    assert most_popular(counts, 3, CASES, exclude_history=False).tolist() == [[3, 0, 2], [3, 0, 2]]


@pytest.mark.parametrize("baseline", [most_popular, buy_again])
@pytest.mark.parametrize(
    ("counts", "k", "message"),
    [
        (COUNTS, 0, "k is 0, expected at least 1"),
        (COUNTS[:3], 2, "counts have shape (3,), expected (5,)"),
    ],
)
def test_invalid_input(baseline: object, counts: np.ndarray, k: int, message: str) -> None:
    assert callable(baseline)
    with pytest.raises(ValueError) as error:
        baseline(counts, k, CASES, True)
    assert str(error.value) == message
