"""Positions of examples beside the events of the tables that they stand for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tfx_pipeline.leakage.events import Events
from tfx_pipeline.leakage.positions import Positions
from tfx_pipeline.leakage.windows import EVAL_WINDOW, NEVER, RANKER_WINDOW, TRAIN_WINDOW, WINDOWS, AuditSplit
from trainer.features import EVAL, RANKER, TRAIN, USERS

SPLIT_WINDOWS = {TRAIN: TRAIN_WINDOW, RANKER: RANKER_WINDOW, EVAL: EVAL_WINDOW, USERS: EVAL_WINDOW}
"""The window that each split is about; the stored users are what is known when the eval window starts."""
_UNLIMITED = np.iinfo(np.int32).max
_LARGEST_RANGE = 1 << 62


@dataclass(frozen=True)
class Matched:
    """N positions of the users of one part; those of one example are neighbours.

    Where the tables have several events of one user, item, type and time, a position may stand for any of them. So it
    breaks a rule only if no event is left for it that keeps the rule.

    Attributes:
        rows: Number of the position among all, int64 [N].
        examples: Number of the example, rising, int64 [N].
        splits: Name of the split by number.
        split: Number of the split, int64 [N].
        is_target: bool [N].
        timestamps: Epoch seconds, int64 [N].
        basket_numbers: The feature `baskets`, int64 [N].
        baskets: Basket of the event; -1 without one, and where it cannot be told. int64 [N].
        exists: Whether there is an event left for the position, bool [N].
        taken: How many such events earlier positions of the example and of the same role (history or target) took,
            int64 [N].
        in_window: How many such events lie in each window, int64 [N, 4]. For the method `time` the position's own
            time tells the window; otherwise a position without an event may lie in all.
        returned_at: When a return cancels the event, epoch seconds, int64 [N].
        starts: When windows 0 to 4 start for the user, epoch seconds, int64 [N, 5].
        how: What decides the windows.
    """

    rows: np.ndarray
    examples: np.ndarray
    splits: tuple[str, ...]
    split: np.ndarray
    is_target: np.ndarray
    timestamps: np.ndarray
    basket_numbers: np.ndarray
    baskets: np.ndarray
    exists: np.ndarray
    taken: np.ndarray
    in_window: np.ndarray
    returned_at: np.ndarray
    starts: np.ndarray
    how: AuditSplit

    def of(self, *splits: str) -> np.ndarray:
        """Whether a position is of one of some splits; bool [N]."""
        return np.isin(self.split, [number for number, name in enumerate(self.splits) if name in splits])

    @property
    def window(self) -> np.ndarray:
        """The window that the split of each position is about, int64 [N]."""
        return np.array([SPLIT_WINDOWS[name] for name in self.splits], np.int64)[self.split]

    def may_lie_in(self, first: np.ndarray | int, last: np.ndarray | int) -> np.ndarray:
        """Whether an event is left for the position in the windows from `first` to `last`, ints or [N]; bool [N]."""
        allowed = (np.arange(WINDOWS)[:, np.newaxis] >= first) & (np.arange(WINDOWS)[:, np.newaxis] <= last)
        return self.taken < np.sum(self.in_window * allowed.T, axis=1)

    def start_of(self, window: np.ndarray) -> np.ndarray:
        """When a window starts for the user of each position; windows [N] to epoch seconds, int64 [N]."""
        return np.take_along_axis(self.starts, window[:, np.newaxis], axis=1)[:, 0]


def match(positions: Positions, examples: np.ndarray, events: Events, split: AuditSplit) -> Matched:
    """Find the events of the positions of some examples.

    Args:
        positions: All examples.
        examples: Numbers of those whose users have their events here.
        events: The events.
        split: What decides the windows.
    """
    rows, owners = positions.rows_of(examples)
    is_target, timestamps = positions.is_target[rows], positions.timestamps[rows]
    users = positions.users[examples]
    own = (users[owners], positions.items[rows], positions.event_types[rows], timestamps)
    theirs = (events.users, events.items, events.event_types, events.timestamps)
    codes = _number_tuples([np.concatenate(pair) for pair in zip(own, theirs, strict=True)])
    keys, event_keys = codes[: len(rows)], codes[len(rows) :]
    sets = _EqualEvents(event_keys, int(codes.max(initial=-1)) + 1)
    earlier, taken = _count_earlier(owners, keys, is_target)
    return Matched(
        rows=rows,
        examples=owners,
        splits=positions.split_names,
        split=positions.splits[examples][owners],
        is_target=is_target,
        timestamps=timestamps,
        basket_numbers=positions.basket_numbers[rows],
        baskets=sets.baskets(keys, earlier, owners, events.baskets),
        exists=earlier < sets.sizes[keys],
        taken=taken,
        in_window=_in_window(sets, keys, timestamps, events, split),
        returned_at=sets.latest(keys, taken, events.returned_at),
        starts=_starts(events, users)[owners],
        how=split,
    )


class _EqualEvents:
    """The events with the values of each key.

    Attributes:
        keys: Key of each event, int64 [M].
        sizes: Number of events of each key, int64 [K].
        firsts: Where the events of each key start when they are ordered by key, int64 [K].
    """

    def __init__(self, keys: np.ndarray, count: int) -> None:
        self.keys = keys
        self.sizes = np.bincount(keys, minlength=count)
        self.firsts = np.cumsum(self.sizes) - self.sizes

    def baskets(self, keys: np.ndarray, earlier: np.ndarray, owners: np.ndarray, baskets: np.ndarray) -> np.ndarray:
        """The basket of each position, -1 where its events have several and the example does not have them all.

        Args:
            keys: Key of each position, int64 [N].
            earlier: Positions of the example before it that have its key, int64 [N].
            owners: Example of each position, int64 [N].
            baskets: Basket of each event, int64 [M].
        """
        order = np.argsort(self.keys, kind="stable")
        found = self._take(baskets[order], keys, earlier, missing=-1)
        ordered, ordered_keys = baskets[order], self.keys[order]
        differs = (ordered[1:] != ordered[:-1]) & (ordered_keys[1:] == ordered_keys[:-1])
        has_several = np.zeros(len(self.sizes), bool)
        has_several[ordered_keys[1:][differs]] = True
        unsure = np.flatnonzero(has_several[keys])
        pairs = _number_tuples([owners[unsure], keys[unsure]])
        found[unsure[np.bincount(pairs)[pairs] < self.sizes[keys[unsure]]]] = -1
        return found

    def latest(self, keys: np.ndarray, taken: np.ndarray, times: np.ndarray) -> np.ndarray:
        """The latest of the times [M] of each key [N] that is left when the `taken` latest are gone; int64 [N]."""
        if not len(times) or times.min() == NEVER:
            return np.full(len(keys), NEVER)
        order = np.lexsort((-times, self.keys))
        return self._take(times[order], keys, taken, missing=NEVER)

    def _take(self, ordered: np.ndarray, keys: np.ndarray, places: np.ndarray, missing: int) -> np.ndarray:
        padded = np.append(ordered, missing)
        return padded[np.where(places < self.sizes[keys], self.firsts[keys] + places, len(ordered))]


def _in_window(
    sets: _EqualEvents, keys: np.ndarray, timestamps: np.ndarray, events: Events, split: AuditSplit
) -> np.ndarray:
    if split.method == "time":
        return np.eye(WINDOWS, dtype=np.int64)[split.windows_in_time(timestamps)] * _UNLIMITED
    counts = np.bincount(sets.keys * WINDOWS + events.windows, minlength=len(sets.sizes) * WINDOWS)
    counts = counts.reshape(-1, WINDOWS)
    counts[sets.sizes == 0] = _UNLIMITED
    return counts[keys]


def _starts(events: Events, users: np.ndarray) -> np.ndarray:
    """When windows 0 to 4 start for each user, int64 [users, 5]; `NEVER` for one without events."""
    padded = np.append(events.starts, np.full((1, WINDOWS + 1), NEVER), axis=0)
    places = np.searchsorted(events.user_numbers, users)
    known = np.append(events.user_numbers, -1)[places] == users
    return padded[np.where(known, places, len(events.starts))]


def _number_tuples(columns: list[np.ndarray]) -> np.ndarray:
    """One number for each distinct tuple of the values of integer columns [N], from 0 on without gaps; int64 [N]."""
    numbers, count = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        lowest, highest = int(column.min(initial=0)), int(column.max(initial=0))
        values, size = column.astype(np.int64) - lowest, highest - lowest + 1
        if count * size > _LARGEST_RANGE:
            # Neither has more values than there are rows, so that their combination fits.
            (numbers, first), (values, second) = pd.factorize(numbers), pd.factorize(column)
            count, size = len(first), len(second)
        numbers, count = numbers * size + values, count * size
    return pd.factorize(numbers)[0]


def _count_earlier(owners: np.ndarray, keys: np.ndarray, is_target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many positions before each one have its example and key, and how many of them its role; int64 [N] each."""
    pairs = _number_tuples([owners, keys])
    earlier, of_role = np.zeros((2, len(pairs)), np.int64)
    repeated = np.flatnonzero(np.bincount(pairs)[pairs] > 1)
    few = pairs[repeated]
    for counts, groups in ((earlier, few), (of_role, few * 2 + is_target[repeated])):
        counts[repeated] = pd.Series(groups).groupby(groups).cumcount().to_numpy()
    return earlier, of_role
