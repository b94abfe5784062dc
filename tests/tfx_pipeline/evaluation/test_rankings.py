import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Rankings, check_rankings, without_history

CASES = EvaluationCases.from_lists(["ann", "ben"], history=[[1], [0, 3]], targets=[[2], [2]], item_count=4)


def test_later_items_move_up() -> None:
    ranked = np.array([[0, 1, 2], [3, 2, 0]], np.int32)
    assert without_history(Rankings(ranked), CASES).items.tolist() == [[0, 2, -1], [2, -1, -1]]


def test_padding_is_no_item_of_the_next_case() -> None:
    cases = EvaluationCases.from_lists(["ann", "ben"], history=[[3], []], targets=[[2], [2]], item_count=4)
    assert without_history(Rankings(np.array([[0, 1], [2, -1]], np.int32)), cases).items.tolist() == [[0, 1], [2, -1]]


@pytest.mark.parametrize(
    ("ranked", "message"),
    [
        (np.array([0, 1]), "rankings have shape (2,), expected one row for each of 2 cases"),
        (np.array([[0, 1]]), "rankings have shape (1, 2), expected one row for each of 2 cases"),
        (np.array([[0.0], [1.0]]), "rankings hold float64, expected item rows (integers)"),
        (np.array([[0, 1], [4, 1]]), "case 'ben': a list ranks an item row outside the catalogue of 4"),
        (np.array([[0, -2], [0, 1]]), "case 'ann': a list ranks an item row outside the catalogue of 4"),
        (np.array([[0, -1], [-1, 0]]), "case 'ben': a list goes on behind its padding"),
        (np.array([[0, 1, 0], [0, 1, 2]]), "case 'ann': a list ranks an item twice"),
    ],
)
def test_invalid_rankings(ranked: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError) as error:
        check_rankings(ranked, CASES)
    assert str(error.value) == message
