"""Which rows an example shows: those of its slice, but for what was taken back and what shares a target's basket."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.slices import Slices
from tfx_pipeline.split import NEVER, WINDOWS
from tfx_pipeline.timeline import Timeline
from trainer import features

_ENDS = {features.TRAIN: features.RANKER, features.RANKER: features.EVAL, features.EVAL: features.TEST}
"""Split -> the window after the one that its targets lie in."""
_CAREFUL_EXAMPLES = 16_384
"""Examples that are looked at row by row at once: it takes memory for every row."""


@dataclass(frozen=True)
class ShownRows:
    """Runs of neighbouring rows that are all targets or all history, ordered by example and row.

    Attributes:
        example: Number of the example, int64 [runs].
        begin: First row, int64 [runs].
        end: Row after the last one, int64 [runs].
        is_target: Whether the rows are targets, bool [runs].
    """

    example: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    is_target: np.ndarray

    def __getitem__(self, which: np.ndarray) -> "ShownRows":
        """Some of the runs."""
        return ShownRows(self.example[which], self.begin[which], self.end[which], self.is_target[which])


def shown_rows(timeline: Timeline, slices: Slices, split: str) -> ShownRows:
    """The rows of each example, without history that shares a basket with a target and without what was taken back.

    Args:
        timeline: The timeline of the events.
        slices: The examples.
        split: What they are for, one of train, ranker, eval and users.

    Returns:
        Rows of the examples; an example of which nothing is left has none.
    """
    with_care = _may_leave_out(timeline, slices, split)
    parts = [_all_rows(slices, np.flatnonzero(~with_care))]
    careful = np.flatnonzero(with_care)
    for start in range(0, len(careful), _CAREFUL_EXAMPLES):
        parts.append(_kept_rows(timeline, slices, careful[start : start + _CAREFUL_EXAMPLES], split))
    if len(parts) == 1:
        return parts[0]
    names = ("example", "begin", "end", "is_target")
    joined = ShownRows(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return joined[np.argsort(joined.example, kind="stable")]


def _may_leave_out(timeline: Timeline, slices: Slices, split: str) -> np.ndarray:
    """Whether an example may have a row to leave out: few have, and only these are looked at row by row.

    Returns:
        True for all that have one, and for some that have none; bool [examples].
    """
    found = np.zeros(len(slices), bool)
    if split in (features.RANKER, features.EVAL):
        # Of all earlier baskets, also those of earlier users, only one that goes on can reach the target.
        reach = np.maximum.accumulate(timeline.last_of_basket)
        found |= (slices.history_end > slices.begin) & (reach[slices.history_end - 1] >= slices.target)
    if timeline.returned is not None:
        returns = np.concatenate([[0], np.cumsum(timeline.returned != NEVER)])
        found |= returns[slices.end] > returns[slices.begin]
    return found


def _all_rows(slices: Slices, which: np.ndarray) -> ShownRows:
    """All rows of some of the examples."""
    chosen = slices[which]
    begin = np.stack([chosen.begin, chosen.target], 1).ravel()
    end = np.stack([chosen.history_end, chosen.end], 1).ravel()
    shown = ShownRows(np.repeat(which, 2), begin, end, np.tile([False, True], len(which)))
    return shown[end > begin]


def _kept_rows(timeline: Timeline, slices: Slices, which: np.ndarray, split: str) -> ShownRows:
    """The rows of some of the examples, looked at one by one."""
    chosen = slices[which]
    rows, is_target, example = chosen.positions()
    keep = np.ones(len(rows), bool)
    if timeline.returned is not None:
        is_target, keep = _without_returns(timeline, chosen, split)
    if split in (features.RANKER, features.EVAL):
        keep &= ~_history_in_target_basket(timeline.baskets[rows], is_target & keep, example)
    rows, is_target, example = rows[keep], is_target[keep], example[keep]
    starts = np.ones(len(rows), bool)
    starts[1:] = (np.diff(rows) != 1) | (np.diff(example) != 0) | (np.diff(is_target) != 0)
    begins = np.flatnonzero(starts)
    ends = np.append(begins, len(rows))[1:]
    return ShownRows(which[example[begins]], rows[begins], rows[ends - 1] + 1, is_target[begins])


def _without_returns(timeline: Timeline, slices: Slices, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Which positions stay targets, and which are kept, when purchases have been taken back; both bool [positions].

    In a training window a purchase that was taken back later stays as history, as it was known then.
    """
    assert timeline.returned is not None
    rows, is_target, example = slices.positions()
    returned = timeline.returned[rows]
    window_end = timeline.starts[WINDOWS.index(_ENDS.get(split, features.EVAL))][timeline.owners[rows]]
    asked_at = np.append(timeline.timestamps, NEVER)[slices.target][example]
    if split == features.USERS:
        asked_at = window_end
    taken_back = is_target & (returned < window_end)
    gone = ~is_target & (returned < asked_at)
    if split != features.TRAIN:
        gone |= taken_back
    return is_target & ~taken_back, ~gone


def _history_in_target_basket(baskets: np.ndarray, is_target: np.ndarray, example: np.ndarray) -> np.ndarray:
    """Whether a history position shares its basket with a target of the same example; bool [positions]."""
    key = example * (baskets.max(initial=0) + 1) + baskets
    # Rare: only baskets that cross the start of a window.
    return ~is_target & np.isin(key, key[is_target])
