"""A slicing divides the targets of an evaluation, and with them its users, into labelled parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.labelling import Labelling, check_labels


@dataclass(frozen=True, eq=False)
class Slicing:
    """The slice of every target.

    Attributes:
        dimension: What the slices divide by, such as `user activity`.
        labels: Names of the slices, in the order a reader wants them.
        target_labels: Place of each target's slice in `labels`, -1 for a target in no slice, in the order of the
            cases' `targets.values`; [M] int32.

    Raises:
        ValueError: A label occurs twice, or a target's label does not exist.
    """

    dimension: str
    labels: tuple[str, ...]
    target_labels: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        try:
            check_labels(self.labels, self.target_labels)
        except ValueError as error:
            raise ValueError(f"slices by {self.dimension}: {error}") from error

    def of_new_targets(self, cases: EvaluationCases) -> "Slicing":
        """The same slices, for the targets that `cases.new_only()` leaves.

        A band of users or items so means the same for all items and for new ones.

        Args:
            cases: The cases that this slicing is of.
        """
        is_new = ~np.isin(cases.keys(cases.targets), cases.keys(cases.history))
        return Slicing(self.dimension, self.labels, self.target_labels[is_new])


def slice_by_user(dimension: str, users: Labelling, cases: EvaluationCases) -> Slicing:
    """Slices by a label of every case's user: all targets of a user are in one slice.

    Raises:
        ValueError: There is not one label for every case.
    """
    _check_count(dimension, users.numbers, len(cases), "cases")
    return Slicing(dimension, users.labels, users.numbers[cases.targets.owners])


def slice_by_item(dimension: str, items: Labelling, cases: EvaluationCases) -> Slicing:
    """Slices by a label of every item of the catalogue: the targets of one user can be in several.

    Raises:
        ValueError: There is not one label for every item.
    """
    _check_count(dimension, items.numbers, cases.item_count, "items")
    return Slicing(dimension, items.labels, items.numbers[cases.targets.values])


def slice_by_target(dimension: str, targets: Labelling, cases: EvaluationCases) -> Slicing:
    """Slices by a label of every target itself, such as its event type.

    Raises:
        ValueError: There is not one label for every target.
    """
    _check_count(dimension, targets.numbers, len(cases.targets.values), "targets")
    return Slicing(dimension, targets.labels, targets.numbers)


def _check_count(dimension: str, numbers: NDArray[Any] | Sequence[int], expected: int, of: str) -> None:
    if len(numbers) != expected:
        raise ValueError(f"slices by {dimension}: {len(numbers)} labels for {expected} {of}")
