"""The users that an evaluation asks about: what each did before the cut in time, and what each did after it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True, eq=False)
class EvaluationCases:
    """Users with their history before a cut in time and their targets after it.

    An item is a row number of the catalogue. A target that a model cannot name needs a row all the same, so that
    not finding it counts as a miss. Whether a target is new depends on the history: give all of it, not its end.

    Attributes:
        user_ids: Distinct ids of the users (or of other cases, such as session prefixes); [C].
        history: Item rows before the cut, oldest first, repeats kept; C lists.
        targets: Distinct item rows after the cut; C lists.
        item_count: Number of items in the catalogue.
        event_types: Number of the event type of each position of the history, if a model asks for it; C lists.
        ages: Days from each position of the history to the cut in time, float32, at least 0; C lists. None where the
            shop has an order of events but no clock.

    Raises:
        ValueError: The parts differ in length, an id or a target of a user occurs twice, or an item row is
            outside the catalogue.
    """

    user_ids: list[str]
    history: Ragged
    targets: Ragged
    item_count: int
    event_types: Ragged | None = None
    ages: Ragged | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        sizes = (len(self.user_ids), len(self.history), len(self.targets))
        if len(set(sizes)) > 1:
            raise ValueError(
                f"{sizes[0]} user ids, {sizes[1]} histories and {sizes[2]} target lists do not fit together"
            )
        for name, lists in (("event_types", self.event_types), ("ages", self.ages)):
            if lists is not None and not np.array_equal(lists.offsets, self.history.offsets):
                raise ValueError(f"{name} and history do not have the same positions")
        if len(set(self.user_ids)) < len(self.user_ids):
            repeated = Counter(self.user_ids).most_common(1)[0][0]
            raise ValueError(f"case '{repeated}': the user id occurs twice")
        for name, lists in (("history", self.history), ("targets", self.targets)):
            self._check_items(name, lists)
        keys = np.sort(self.keys(self.targets))
        twice = keys[1:][keys[1:] == keys[:-1]]
        if len(twice):
            owner, item = divmod(int(twice[0]), self.item_count)
            raise ValueError(f"case '{self.user_ids[owner]}': item row {item} occurs twice in targets")

    @classmethod
    def from_lists(
        cls,
        user_ids: Sequence[str],
        history: Sequence[Sequence[int]],
        targets: Sequence[Sequence[int]],
        item_count: int,
    ) -> "EvaluationCases":
        """Cases from one list of item rows a user; a target named twice counts once."""
        distinct = [list(dict.fromkeys(items)) for items in targets]
        return cls(list(user_ids), Ragged.from_lists(history), Ragged.from_lists(distinct), item_count)

    def __len__(self) -> int:
        """Number of cases."""
        return len(self.user_ids)

    def __getitem__(self, part: slice) -> "EvaluationCases":
        """A run of the cases, for work in batches."""
        return self.take(np.arange(*part.indices(len(self))))

    def take(self, indices: NDArray[np.integer[Any]]) -> "EvaluationCases":
        """The cases at `indices`, in that order."""
        user_ids = [self.user_ids[i] for i in indices]
        event_types = None if self.event_types is None else self.event_types.take(indices)
        ages = None if self.ages is None else self.ages.take(indices)
        history, targets = self.history.take(indices), self.targets.take(indices)
        return EvaluationCases(user_ids, history, targets, self.item_count, event_types, ages)

    def sample(self, most: int, seed: int) -> "EvaluationCases":
        """At most `most` of the cases, drawn at random without replacement, in their order; equal seeds draw alike."""
        if len(self) <= most:
            return self
        return self.take(np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False)))

    def history_of(self, index: int) -> NDArray[np.int32]:
        """Item rows of one case's history, oldest first."""
        return self.history.row(index)

    def new_only(self) -> tuple["EvaluationCases", NDArray[np.int64]]:
        """The cases with only those targets that are not in the history.

        Returns:
            The cases that still have a target, and their indices in these cases; [N] int64.
        """
        is_new = ~np.isin(self.keys(self.targets), self.keys(self.history))
        targets = self.targets.keep(is_new)
        remaining = np.flatnonzero(targets.lengths)
        return replace(self, targets=targets).take(remaining), remaining

    def keys(self, lists: Ragged) -> NDArray[np.int64]:
        """One number for each pair of case and item row in `lists`, so that pairs compare as numbers; [M] int64."""
        return lists.owners * self.item_count + lists.values

    def ranked_keys(self, ranked: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """The same numbers for a ranking [C, K], and -1 where it is padded; [C, K] int64."""
        keys = np.arange(len(self))[:, None] * self.item_count + ranked
        return np.where(ranked >= 0, keys, -1)

    def _check_items(self, name: str, lists: Ragged) -> None:
        outside = np.flatnonzero((lists.values < 0) | (lists.values >= self.item_count))
        if len(outside):
            user, item = self.user_ids[lists.owners[outside[0]]], lists.values[outside[0]]
            raise ValueError(f"case '{user}': item row {item} in {name} is outside the catalogue of {self.item_count}")
