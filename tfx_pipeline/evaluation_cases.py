"""Evaluation cases of a window from the shop's tables: what users did before it, and what they did in it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.baselines import distinct_users_per_item
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.sources.contract import RETURNED_AT, WINDOW
from tfx_pipeline.sources.event_files import read_events
from tfx_pipeline.split import NEVER, WINDOWS, Split

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
        self.baskets = _number_baskets(events)
        self.returned_at = _returned_at(events)
        kinds = events["event_type"].combine_chunks().dictionary_encode()
        self.event_types = kinds.indices.to_numpy()
        self.event_type_names = kinds.dictionary.to_numpy(zero_copy_only=False)

    def cases(self, window: str) -> EvaluationCases:
        """Users with events in a window and before it; everything before the window is history.

        Every item with an event in the window is a target: ingestion keeps only events that an objective asks about.
        Left out are events before the window that share a basket with one of its events, purchases that were
        returned before the window from the histories, and purchases that were returned at all from the targets.
        """
        number = WINDOWS.index(window)
        inside = (self.windows == number) & (self.returned_at == NEVER)
        starts = self._split.starts(self.windows, self.timestamps, self._starts, number)[self.users]
        known = (self.windows < number) & (self.returned_at >= starts)
        before = known & ~self._shares_basket(inside)
        has_history = np.bincount(self.users[before], minlength=len(self.user_ids)) > 0
        has_target = np.bincount(self.users[inside], minlength=len(self.user_ids)) > 0
        chosen = np.flatnonzero(has_history & has_target)
        pairs = np.unique(self.users[inside] * len(self.item_ids) + self.items[inside])
        return EvaluationCases(
            user_ids=[str(user) for user in self.user_ids],
            history=self._ragged(self.users[before], self.items[before]),
            targets=self._ragged(pairs // len(self.item_ids), pairs % len(self.item_ids)),
            item_count=len(self.item_ids),
            event_types=self._ragged(self.users[before], self.event_types[before]),
        ).take(chosen)

    def buyers(self, window: str) -> np.ndarray:
        """Distinct users of each item before a window, int64 [V]."""
        earlier = self.windows < WINDOWS.index(window)
        return distinct_users_per_item(self.users[earlier], self.items[earlier], len(self.item_ids))

    def period(self, window: str) -> tuple[int, int]:
        """First moment of a window, and the first one after it, in epoch seconds."""
        times = self.timestamps[self.windows == WINDOWS.index(window)]
        first, last = (int(times.min()), int(times.max())) if len(times) else (0, 0)
        if self._split.method == "time":
            starts = dict(zip(WINDOWS[1:], self._split.boundaries, strict=True))
            following = WINDOWS[WINDOWS.index(window) + 1 :]
            return starts[window], starts[following[0]] if following else last + 1
        return first, last + 1

    def _shares_basket(self, chosen: np.ndarray) -> np.ndarray:
        """Whether each event is of the same basket as one of the chosen events; bool [E] to bool [E]."""
        return (self.baskets >= 0) & np.isin(self.baskets, np.unique(self.baskets[chosen]))

    def _ragged(self, owners: np.ndarray, values: np.ndarray) -> Ragged:
        """Lists by user; the values are already ordered by user."""
        counts = np.bincount(owners, minlength=len(self.user_ids))
        return Ragged(values.astype(np.int32), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _number_baskets(events: pa.Table) -> np.ndarray:
    if "basket_id" not in events.column_names:
        return np.full(len(events), -1)
    baskets = events["basket_id"].combine_chunks().dictionary_encode()
    empty = pc.equal(events["basket_id"], "").to_numpy()
    return np.where(empty, -1, baskets.indices.to_numpy())


def _returned_at(events: pa.Table) -> np.ndarray:
    if RETURNED_AT not in events.column_names:
        return np.full(len(events), NEVER)
    returned: np.ndarray = events[RETURNED_AT].to_numpy()
    return returned
