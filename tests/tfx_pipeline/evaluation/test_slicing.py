from collections.abc import Callable

import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.labelling import Labelling
from tfx_pipeline.evaluation.slicing import Slicing, slice_by_item, slice_by_target, slice_by_user

CASES = EvaluationCases.from_lists(["u", "v", "w"], [[0], [2], []], [[0, 1], [2], [1, 0, 3]], item_count=4)


def labelling(numbers: list[int]) -> Labelling:
    return Labelling(("a", "b"), np.array(numbers, np.int32))


def test_targets_take_the_label_of_their_user() -> None:
    slicing = slice_by_user("country", labelling([1, -1, 0]), CASES)
    assert (slicing.dimension, slicing.labels) == ("country", ("a", "b"))
    assert slicing.target_labels.tolist() == [1, 1, -1, 0, 0, 0]


def test_targets_take_the_label_of_their_item() -> None:
    assert slice_by_item("brand", labelling([0, 1, -1, 1]), CASES).target_labels.tolist() == [0, 1, -1, 1, 0, 1]


def test_targets_have_labels_of_their_own() -> None:
    numbers = [0, 1, 0, 1, -1, 0]
    assert slice_by_target("event type", labelling(numbers), CASES).target_labels.tolist() == numbers


def test_new_targets_keep_their_label() -> None:
    slicing = slice_by_target("event type", labelling([0, 1, 0, 1, -1, 0]), CASES)
    new, _ = CASES.new_only()
    # The first user's item 0 and all of the second user's targets are in the history.
    assert new.targets.values.tolist() == [1, 1, 0, 3]
    assert slicing.of_new_targets(CASES).target_labels.tolist() == [1, 1, -1, 0]


@pytest.mark.parametrize(
    ("slice_by", "message"),
    [
        (slice_by_user, "slices by x: 2 labels for 3 cases"),
        (slice_by_item, "slices by x: 2 labels for 4 items"),
        (slice_by_target, "slices by x: 2 labels for 6 targets"),
    ],
)
def test_labels_of_something_else(slice_by: Callable[[str, Labelling, EvaluationCases], Slicing], message: str) -> None:
    with pytest.raises(ValueError) as error:
        slice_by("x", labelling([0, 1]), CASES)
    assert str(error.value) == message


def test_a_label_that_does_not_exist() -> None:
    with pytest.raises(ValueError) as error:
        Slicing("brand", ("a",), np.array([0, 1], np.int32))
    assert str(error.value) == "slices by brand: label number 1 is outside the 1 labels"
