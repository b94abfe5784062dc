"""Evaluation cases of a window from the shop's tables: what users did before it, and what they did in it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.time_split import WINDOWS, TimeSplit


class EvaluationEvents:
    """The events as arrays, ordered by user and time.

    Attributes:
        item_ids: The catalogue's ids by row, str [V].
        user_ids: Ids of the users by number, str [U].
        users: User number of each event, int64 [E].
        items: Item row of each event, int64 [E].
        timestamps: Epoch seconds, int64 [E].
    """

    def __init__(self, tables: Path) -> None:
        """Read events.parquet and items.parquet of a folder."""
        events = pq.read_table(tables / "events.parquet", columns=["user_id", "item_id", "timestamp"])
        catalogue = pq.read_table(tables / "items.parquet", columns=["item_id"])["item_id"].combine_chunks()
        users = events["user_id"].combine_chunks().dictionary_encode()
        codes = users.indices.to_numpy().astype(np.int64)
        timestamps = events["timestamp"].to_numpy()
        order = np.lexsort((np.arange(len(events)), timestamps, codes))
        self.item_ids = catalogue.to_numpy(zero_copy_only=False)
        self.user_ids = users.dictionary.to_numpy(zero_copy_only=False)
        self.users = codes[order]
        self.items = pc.index_in(events["item_id"], catalogue).to_numpy().astype(np.int64)[order]
        self.timestamps = timestamps[order]

    def cases(self, split: TimeSplit, window: str) -> EvaluationCases:
        """Users with events in a window and before it; everything before the window is history."""
        start = split.start_of(window)
        before = self.timestamps < start
        inside = split.window_of(self.timestamps) == WINDOWS.index(window)
        has_history = np.bincount(self.users[before], minlength=len(self.user_ids)) > 0
        has_target = np.bincount(self.users[inside], minlength=len(self.user_ids)) > 0
        chosen = np.flatnonzero(has_history & has_target)
        pairs = np.unique(self.users[inside] * len(self.item_ids) + self.items[inside])
        return EvaluationCases(
            user_ids=[str(user) for user in self.user_ids],
            history=self._ragged(self.users[before], self.items[before]),
            targets=self._ragged(pairs // len(self.item_ids), pairs % len(self.item_ids)),
            item_count=len(self.item_ids),
        ).take(chosen)

    def buyers(self, before: int) -> np.ndarray:
        """Distinct users of each item before a time (epoch seconds), int64 [V]."""
        earlier = self.timestamps < before
        pairs = np.unique(self.users[earlier] * len(self.item_ids) + self.items[earlier])
        return np.bincount(pairs % len(self.item_ids), minlength=len(self.item_ids))

    def _ragged(self, owners: np.ndarray, values: np.ndarray) -> Ragged:
        """Lists by user; the values are already ordered by user."""
        counts = np.bincount(owners, minlength=len(self.user_ids))
        return Ragged(values.astype(np.int32), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def event_times(tables: Path) -> np.ndarray:
    """Epoch seconds of all events, int64 [E]."""
    return pq.read_table(tables / "events.parquet", columns=["timestamp"])["timestamp"].to_numpy()


def titles_of(tables: Path) -> dict[str, str]:
    """Title of each item id."""
    items: pa.Table = pq.read_table(tables / "items.parquet", columns=["item_id", "title"])
    return dict(zip(items["item_id"].to_pylist(), items["title"].to_pylist(), strict=True))
