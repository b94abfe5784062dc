import numpy as np
import pytest

from tfx_pipeline.evaluation.ragged import Ragged

LISTS = Ragged.from_lists([[3, 1], [], [4], [1, 5, 9]])


def test_lists_lie_one_after_the_other() -> None:
    assert LISTS.values.tolist() == [3, 1, 4, 1, 5, 9]
    assert LISTS.offsets.tolist() == [0, 2, 2, 3, 6]
    assert LISTS.lengths.tolist() == [2, 0, 1, 3]
    assert LISTS.owners.tolist() == [0, 0, 2, 3, 3, 3]
    assert len(LISTS) == 4
    assert [LISTS.row(i).tolist() for i in range(4)] == [[3, 1], [], [4], [1, 5, 9]]


def test_take_repeats_and_reorders_lists() -> None:
    taken = LISTS.take(np.array([3, 1, 0, 3]))
    assert [taken.row(i).tolist() for i in range(4)] == [[1, 5, 9], [], [3, 1], [1, 5, 9]]


def test_take_nothing() -> None:
    assert len(LISTS.take(np.array([], np.int64))) == 0


def test_lists_may_hold_ages() -> None:
    ages = Ragged(np.array([0.5, 2.0, 7.25], np.float32), np.array([0, 2, 3]))
    assert ages.take(np.array([1, 0])).values.tolist() == [7.25, 0.5, 2.0]


def test_keep_drops_values_but_no_list() -> None:
    kept = LISTS.keep(LISTS.values != 1)
    assert [kept.row(i).tolist() for i in range(4)] == [[3], [], [4], [5, 9]]


@pytest.mark.parametrize(
    ("values", "offsets", "message"),
    [
        (
            np.zeros(2, np.int64),
            np.array([0, 2]),
            "values must be one-dimensional int32 or float32, not int64 of shape (2,)",
        ),
        (
            np.zeros((1, 2), np.int32),
            np.array([0, 2]),
            "values must be one-dimensional int32 or float32, not int32 of shape (1, 2)",
        ),
        (
            np.zeros(2, np.int32),
            np.array([0, 2], np.int32),
            "offsets must be one-dimensional int64, not int32 of shape (2,)",
        ),
        (np.zeros(2, np.int32), np.array([0, 1]), "offsets must run from 0 to 2, the number of values"),
        (np.zeros(2, np.int32), np.array([], np.int64), "offsets must run from 0 to 2, the number of values"),
        (np.zeros(2, np.int32), np.array([0, 2, 1, 2]), "offsets must not decrease"),
    ],
)
def test_arrays_that_are_no_lists(values: np.ndarray, offsets: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError) as error:
        Ragged(values, offsets)
    assert str(error.value) == message


def test_lists_from_owners_may_be_empty() -> None:
    lists = Ragged.from_owners(np.array([0, 0, 2]), np.array([5, 6, 7], np.int32), 4)
    assert [lists.row(index).tolist() for index in range(len(lists))] == [[5, 6], [], [7], []]
