"""Evaluation cases of a window from the shop's tables: what users did before it, and what they did in it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.sources.contract import RETURNED_AT, WINDOW
from tfx_pipeline.sources.event_files import read_events
from tfx_pipeline.sources.report import IngestReport
from tfx_pipeline.split import NEVER, WINDOWS, Split

_DAY = 86_400
_COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "basket_id", RETURNED_AT, WINDOW)


class EvaluationEvents:
    """The events as arrays, ordered by user and time.

    Attributes:
        item_ids: The catalogue's ids by row, str [V].
        user_ids: Ids of the users by number, str [U].
        users: User number of each event, int64 [E].
        items: Item row of each event, int64 [E].
        timestamps: Epoch seconds, int64 [E].
        windows: Index into `WINDOWS` of each event, int64 [E].
        baskets: Number of each event's basket, -1 without one, int64 [E].
        returned_at: When a return took the event back, int64 [E]; `NEVER` if none did.
        event_types: Number of each event's type, int64 [E].
        event_type_names: Names by number, str.
        has_clock: Whether the timestamps are times; else they are places in an order.
    """

    def __init__(self, tables: Path, split: Split) -> None:
        """Read the events and items of a folder of ingested tables, and cut the events into windows."""
        events = read_events(tables, _COLUMNS)
        catalogue = pq.read_table(tables / "items.parquet", columns=["item_id"])["item_id"].combine_chunks()
        users = events["user_id"].combine_chunks().dictionary_encode()
        self.item_ids = catalogue.to_numpy(zero_copy_only=False)
        self.user_ids = users.dictionary.to_numpy(zero_copy_only=False)
        # A shard has all events of its users, in order, so users are numbered in the order of the rows.
        self.users = users.indices.to_numpy().astype(np.int64)
        self.items = pc.index_in(events["item_id"], catalogue).to_numpy().astype(np.int64)
        self.timestamps = events["timestamp"].to_numpy()
        self._starts = np.append(np.flatnonzero(np.diff(self.users, prepend=-1)), len(self.users))
        self._split = split
        self.windows = split.windows_of(events, self._starts)
        self.baskets = _number_baskets(events, self.users)
        self.returned_at = _returned_at(events)
        kinds = events["event_type"].combine_chunks().dictionary_encode()
        self.event_types = kinds.indices.to_numpy()
        self.event_type_names = kinds.dictionary.to_numpy(zero_copy_only=False)
        self.has_clock = IngestReport.load(tables).time == "clock"

    def cases(self, window: str) -> EvaluationCases:
        """Users with events in a window and before it; everything before the window is history.

        Every item with an event in the window is a target: ingestion keeps only events that an objective asks about.
        Left out are events before the window that share a basket with one of its events, purchases that were
        returned before the window from the histories, and purchases that were returned at all from the targets.
        """
        inside, before = self.is_target(window), self.is_known(window)
        has_history = np.bincount(self.users[before], minlength=len(self.user_ids)) > 0
        has_target = np.bincount(self.users[inside], minlength=len(self.user_ids)) > 0
        chosen = np.flatnonzero(has_history & has_target)
        pairs = np.unique(self.users[inside] * len(self.item_ids) + self.items[inside])
        return EvaluationCases(
            user_ids=[str(user) for user in self.user_ids],
            history=self._ragged(self.users[before], self.items[before].astype(np.int32)),
            targets=self._ragged(pairs // len(self.item_ids), (pairs % len(self.item_ids)).astype(np.int32)),
            item_count=len(self.item_ids),
            event_types=self._ragged(self.users[before], self.event_types[before].astype(np.int32)),
            ages=self._ragged(self.users[before], self._ages(window)[before]) if self.has_clock else None,
        ).take(chosen)

    def interactions(self, window: str) -> Interactions:
        """What all users did before a window: the same events that the histories of its cases are made of."""
        before = self.is_known(window)
        ages = self._ages(window)[before] if self.has_clock else None
        return Interactions(self.users[before], self.items[before], len(self.user_ids), len(self.item_ids), ages)

    def latest_known(self, window: str, user_ids: Sequence[str]) -> np.ndarray:
        """Row of each user's latest event before a window; int64 [users]. Every user must have one."""
        rows = np.flatnonzero(self.is_known(window))
        latest = np.full(len(self.user_ids), -1)
        latest[self.users[rows]] = rows
        return latest[self._numbers(user_ids)]

    def is_target_of(self, window: str, event_types: Sequence[str], cases: EvaluationCases) -> np.ndarray:
        """Whether each target of the cases of a window is one by an event of these types; bool [M]."""
        kinds = np.isin(self.event_type_names, list(event_types))
        chosen = self.is_target(window) & kinds[self.event_types]
        keys = self.users[chosen] * len(self.item_ids) + self.items[chosen]
        owners = self._numbers(cases.user_ids)[cases.targets.owners]
        wanted = owners * len(self.item_ids) + cases.targets.values
        return np.isin(wanted, keys)

    def period(self, window: str) -> tuple[int, int]:
        """First moment of a window, and the first one after it, in epoch seconds."""
        times = self.timestamps[self.windows == WINDOWS.index(window)]
        first, last = (int(times.min()), int(times.max())) if len(times) else (0, 0)
        if self._split.method == "time":
            starts = dict(zip(WINDOWS[1:], self._split.boundaries, strict=True))
            following = WINDOWS[WINDOWS.index(window) + 1 :]
            return starts[window], starts[following[0]] if following else last + 1
        return first, last + 1

    def _numbers(self, user_ids: Sequence[str]) -> np.ndarray:
        number_of = {str(user): number for number, user in enumerate(self.user_ids)}
        return np.array([number_of[user] for user in user_ids], np.int64)

    def is_target(self, window: str) -> np.ndarray:
        """Whether each event is a target of a window; bool [E]."""
        return (self.windows == WINDOWS.index(window)) & (self.returned_at == NEVER)

    def is_known(self, window: str) -> np.ndarray:
        """Whether each event is history to the cases of a window; bool [E]."""
        known = (self.windows < WINDOWS.index(window)) & (self.returned_at >= self._window_starts(window))
        return known & ~self._shares_basket(self.is_target(window))

    def _window_starts(self, window: str) -> np.ndarray:
        """When the window starts for the user of each event, epoch seconds, int64 [E]."""
        starts = self._split.starts(self.windows, self.timestamps, self._starts, WINDOWS.index(window))
        return starts[self.users]

    def _ages(self, window: str) -> np.ndarray:
        """Days from each event to the start of the window, at least 0; float32 [E]."""
        starts = self._window_starts(window)
        # A user without an event from the window on has no start of one's own: the shop's is the nearest.
        starts = np.where(starts == NEVER, self.period(window)[0], starts)
        return np.maximum((starts - self.timestamps) / _DAY, 0).astype(np.float32)

    def _shares_basket(self, chosen: np.ndarray) -> np.ndarray:
        """Whether each event is of the same basket as one of the chosen events; bool [E] to bool [E]."""
        return (self.baskets >= 0) & np.isin(self.baskets, np.unique(self.baskets[chosen]))

    def _ragged(self, owners: np.ndarray, values: np.ndarray) -> Ragged:
        """Lists by user; the values are already ordered by user."""
        return Ragged.from_owners(owners, values, len(self.user_ids))


def _number_baskets(events: pa.Table, users: np.ndarray) -> np.ndarray:
    """The basket of each event, -1 without one; those of two users differ, though they may have one id."""
    if "basket_id" not in events.column_names:
        return np.full(len(events), -1)
    baskets = events["basket_id"].combine_chunks().dictionary_encode()
    empty = pc.equal(events["basket_id"], "").to_numpy()
    return np.where(empty, -1, users * len(baskets.dictionary) + baskets.indices.to_numpy())


def _returned_at(events: pa.Table) -> np.ndarray:
    if RETURNED_AT not in events.column_names:
        return np.full(len(events), NEVER)
    returned: np.ndarray = events[RETURNED_AT].to_numpy()
    return returned
