"""What the leakage audit reads of the tables: one part of the events at a time, with the window of each event.

Nothing here is shared with the code that builds the examples, so that one mistake cannot hide in both.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.leakage.positions import Positions
from tfx_pipeline.leakage.windows import (
    NEVER,
    WINDOWS,
    AuditSplit,
    window_starts,
    windows_by_files,
    windows_of_last_occasions,
)
from tfx_pipeline.sources.errors import DataError

_IDS = ("user_id", "item_id", "event_type")


@dataclass(frozen=True)
class Events:
    """M events of the users of one part; users without examples, and what no example has, are left out.

    Attributes:
        users: Index into `Positions.user_names`, int64 [M].
        items: Index into `Positions.item_names`, int64 [M].
        event_types: Index into `Positions.event_type_names`, int64 [M].
        timestamps: Epoch seconds, int64 [M].
        baskets: Number of the basket in this part, -1 without one, int64 [M].
        returned_at: Epoch seconds of the return that cancels the event, `NEVER` without one, int64 [M].
        windows: Window 0 to 3, int64 [M].
        user_numbers: The distinct users in rising order, int64 [U].
        starts: When windows 0 to 4 start for each of them, epoch seconds, int64 [U, 5].
    """

    users: np.ndarray
    items: np.ndarray
    event_types: np.ndarray
    timestamps: np.ndarray
    baskets: np.ndarray
    returned_at: np.ndarray
    windows: np.ndarray
    user_numbers: np.ndarray
    starts: np.ndarray


def read_events(path: Path, positions: Positions, split: AuditSplit) -> Events:
    """Read one part.

    Args:
        path: Parquet file with the columns user_id, item_id, event_type and timestamp, and where the shop has them
            basket_id, returned_at and window, all events of each of its users, ordered by user and time.
        positions: The examples.
        split: What decides the windows.

    Raises:
        DataError: The file cannot be read, or lacks a column.
    """
    users = _index(_read_columns(path, _IDS[:1])["user_id"], positions.user_names)
    has_examples = users >= 0
    if not has_examples.any():
        return no_events()
    by_file = ("window",) if split.method == "files" else ()
    table = _read_columns(path, (*_IDS, "timestamp", *by_file), ("basket_id", "returned_at"))
    items = _index(table["item_id"], positions.item_names)
    event_types = _index(table["event_type"], positions.event_type_names)
    timestamps, baskets = table["timestamp"].to_numpy(), _baskets(table)
    windows = _windows(table, timestamps, baskets, split)
    user_numbers = np.unique(users[has_examples])
    starts = window_starts(
        np.searchsorted(user_numbers, users[has_examples]),
        windows[has_examples],
        timestamps[has_examples],
        len(user_numbers),
        split,
    )
    kept = has_examples & (items >= 0) & (event_types >= 0)
    has_returns = "returned_at" in table.column_names
    returned_at = table["returned_at"].to_numpy() if has_returns else np.full(len(table), NEVER)
    return Events(
        users=users[kept],
        items=items[kept],
        event_types=event_types[kept],
        timestamps=timestamps[kept],
        baskets=baskets[kept],
        returned_at=returned_at[kept],
        windows=windows[kept],
        user_numbers=user_numbers,
        starts=starts,
    )


def no_events() -> Events:
    """The events of users that the tables do not have."""
    none = np.zeros(0, np.int64)
    return Events(none, none, none, none, none, none, none, none, starts=np.zeros((0, WINDOWS + 1), np.int64))


def _read_columns(path: Path, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> pa.Table:
    try:
        present = pq.read_schema(path).names
        missing = [name for name in required if name not in present]
        if missing:
            raise DataError(f"{path}: no column {missing[0]!r}")
        wanted = [name for name in (*required, *optional) if name in present]
        return pq.read_table(path, columns=wanted, read_dictionary=[*_IDS, "basket_id"])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: {' '.join(str(error).split())}") from error


def _encode(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.unify_dictionaries().combine_chunks()


def _index(column: pa.ChunkedArray, known: pa.Array) -> np.ndarray:
    """Index of each value in an array of distinct binary values, -1 where it is not there; int64."""
    if not len(column):
        return np.zeros(0, np.int64)
    encoded = _encode(column)
    found = pc.index_in(encoded.dictionary.cast(pa.large_binary()), known).fill_null(-1).to_numpy()
    return found.astype(np.int64)[encoded.indices.to_numpy()]


def _baskets(table: pa.Table) -> np.ndarray:
    if "basket_id" not in table.column_names:
        return np.full(len(table), -1, np.int64)
    encoded = _encode(table["basket_id"])
    numbers = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    is_empty = np.append(pc.equal(encoded.dictionary, "").to_numpy(zero_copy_only=False), True)
    return np.where(is_empty[numbers], -1, numbers)


def _windows(table: pa.Table, timestamps: np.ndarray, baskets: np.ndarray, split: AuditSplit) -> np.ndarray:
    if split.method == "time":
        return split.windows_in_time(timestamps)
    if split.method == "files":
        return windows_by_files(table["window"].to_numpy(), timestamps, split.ranker_start)
    return windows_of_last_occasions(_encode(table["user_id"]).indices.to_numpy(), timestamps, baskets)
