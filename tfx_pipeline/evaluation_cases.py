"""Evaluation cases of a window from the shop's tables: what users did before it, and what they did in it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.evaluation.baselines import distinct_users_per_item
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.time_split import WINDOWS, TimeSplit

_COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "basket_id")


class EvaluationEvents:
    """The events as arrays, ordered by user and time.

    Attributes:
        item_ids: The catalogue's ids by row, str [V].
        user_ids: Ids of the users by number, str [U].
        users: User number of each event, int64 [E].
        items: Item row of each event, int64 [E].
        timestamps: Epoch seconds, int64 [E].
        baskets: Number of each event's basket, -1 without one, int64 [E].
        event_types: Number of each event's type, int64 [E].
        event_type_names: Names by number, str.
    """

    def __init__(self, tables: Path) -> None:
        """Read events.parquet and items.parquet of a folder."""
        present = pq.read_schema(tables / "events.parquet").names
        events = pq.read_table(tables / "events.parquet", columns=[name for name in _COLUMNS if name in present])
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
        self.baskets = _number_baskets(events)[order]
        kinds = events["event_type"].combine_chunks().dictionary_encode()
        self.event_types = kinds.indices.to_numpy()[order]
        self.event_type_names = kinds.dictionary.to_numpy(zero_copy_only=False)

    def cases(self, split: TimeSplit, window: str) -> EvaluationCases:
        """Users with events in a window and before it; everything before the window is history.

        Every item with an event in the window is a target: ingestion keeps only events that an objective asks about.
        Events before the window that share a basket with one of its events are left out.
        """
        windows, number = split.window_of(self.timestamps), WINDOWS.index(window)
        inside = windows == number
        before = (windows < number) & ~self._shares_basket(inside)
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

    def buyers(self, before: int) -> np.ndarray:
        """Distinct users of each item before a time (epoch seconds), int64 [V]."""
        earlier = self.timestamps < before
        return distinct_users_per_item(self.users[earlier], self.items[earlier], len(self.item_ids))

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
