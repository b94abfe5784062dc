"""The events before the eval window, as arrays: what the score is computed from, and all that it may know."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.sources.event_files import event_columns, event_files
from tfx_pipeline.split import WINDOWS, Split
from tfx_pipeline.timeline import Timeline
from trainer.features import EVAL

_NEEDED = ("user_id", "item_id", "event_type", "timestamp", "basket_id", "returned_at", "window")


@dataclass(frozen=True)
class EventTable:
    """N events.

    Attributes:
        user_ids: The users, str [U].
        item_ids: The items, str [V].
        event_types: The event types, str [E].
        users: Row of the user of each event, int64 [N].
        items: Row of the item, int64 [N].
        types: Row of the event type, int64 [N].
        times: Epoch seconds, or places in an order, int64 [N].
        has_clock: Whether the times are those of a clock.
    """

    user_ids: np.ndarray
    item_ids: np.ndarray
    event_types: np.ndarray
    users: np.ndarray
    items: np.ndarray
    types: np.ndarray
    times: np.ndarray
    has_clock: bool = True

    @classmethod
    def from_events(cls, events: pa.Table, has_clock: bool = True) -> "EventTable":
        """Take all rows of a table with user_id, item_id, event_type and timestamp."""
        (users, user_rows), (items, item_rows), (types, type_rows) = (
            _rows(events[name]) for name in ("user_id", "item_id", "event_type")
        )
        times = events["timestamp"].to_numpy().astype(np.int64)
        return cls(users, items, types, user_rows, item_rows, type_rows, times, has_clock)

    def __len__(self) -> int:
        return len(self.times)


def training_events(tables: Path, split: Split) -> pa.Table:
    """The events that towers and ranker may learn from, those before the eval window, ordered by user and time.

    Args:
        tables: Ingested tables.
        split: What decides the window of an event.
    """
    names = [name for name in event_columns(tables) if name in _NEEDED]
    return pa.concat_tables(_before_eval(pq.read_table(path, columns=names), split) for path in event_files(tables))


def _before_eval(events: pa.Table, split: Split) -> pa.Table:
    windows = Timeline.of(events, split).windows
    return events.filter(pa.array(windows < WINDOWS.index(EVAL)))


def _rows(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of a column, str, and the row of each value among them, int64."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.dictionary.to_numpy(zero_copy_only=False), encoded.indices.to_numpy().astype(np.int64)
