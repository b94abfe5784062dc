import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

CASES = EvaluationCases.from_lists(
    ["ann", "ben", "cid"], history=[[0, 1, 0], [2], []], targets=[[1, 3, 3], [2], [4]], item_count=5
)


def test_from_lists_keeps_repeats_of_the_history_and_distinct_targets() -> None:
    assert CASES.history_of(0).tolist() == [0, 1, 0]
    assert CASES.targets.row(0).tolist() == [1, 3]
    assert len(CASES) == 3


def test_new_only_names_who_stays() -> None:
    new, indices = CASES.new_only()
    assert new.user_ids == ["ann", "cid"]
    assert indices.tolist() == [0, 2]
    assert [new.targets.row(i).tolist() for i in range(2)] == [[3], [4]]
    assert new.history_of(0).tolist() == [0, 1, 0]


def test_new_only_may_leave_nobody() -> None:
    new, indices = EvaluationCases.from_lists(["ben"], [[2]], [[2]], 3).new_only()
    assert (len(new), indices.tolist()) == (0, [])


def test_a_slice_is_a_batch_of_cases() -> None:
    batch = CASES[1:]
    assert batch.user_ids == ["ben", "cid"]
    assert batch.history_of(0).tolist() == [2]
    assert batch.targets.row(1).tolist() == [4]


def test_keys_do_not_overflow_on_large_catalogues() -> None:
    cases = EvaluationCases.from_lists([f"u{i}" for i in range(3000)], [[]] * 3000, [[1_999_999]] * 3000, 2_000_000)
    assert cases.keys(cases.targets)[-1] == 2999 * 2_000_000 + 1_999_999


@pytest.mark.parametrize(
    ("users", "history", "targets", "message"),
    [
        (["a", "b"], [[0]], [[1], [1]], "2 user ids, 1 histories and 2 target lists do not fit together"),
        (["a", "b", "a"], [[], [], []], [[1], [1], [1]], "case 'a': the user id occurs twice"),
        (["a", "b"], [[], [7]], [[1], [1]], "case 'b': item row 7 in history is outside the catalogue of 5"),
        (["a"], [[]], [[-1]], "case 'a': item row -1 in targets is outside the catalogue of 5"),
    ],
)
def test_parts_that_do_not_fit(
    users: list[str], history: list[list[int]], targets: list[list[int]], message: str
) -> None:
    with pytest.raises(ValueError) as error:
        EvaluationCases.from_lists(users, history, targets, 5)
    assert str(error.value) == message


def test_a_sample_keeps_the_order_and_is_the_same_again() -> None:
    cases = EvaluationCases.from_lists([f"u{i}" for i in range(100)], [[i % 5] for i in range(100)], [[1]] * 100, 5)
    sample = cases.sample(30, seed=7)
    numbers = [int(user[1:]) for user in sample.user_ids]
    assert len(numbers) == 30 and numbers == sorted(set(numbers)) and numbers != list(range(30))
    assert [sample.history_of(place).tolist() for place in range(30)] == [[number % 5] for number in numbers]
    assert cases.sample(30, seed=7).user_ids == sample.user_ids != cases.sample(30, seed=8).user_ids
    assert cases.sample(100, seed=7) is cases


def test_targets_named_twice() -> None:
    with pytest.raises(ValueError) as error:
        EvaluationCases(["a", "b"], Ragged.from_lists([[], []]), Ragged.from_lists([[1], [2, 3, 2]]), 5)
    assert str(error.value) == "case 'b': item row 2 occurs twice in targets"


def test_targets_of_another_dtype() -> None:
    with pytest.raises(ValueError, match="values must be one-dimensional int32 or float32, not float64"):
        Ragged(np.array([1.0]), np.array([0, 1]))
