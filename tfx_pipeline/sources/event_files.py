"""The events of a shop as ingestion leaves them: a folder of Parquet files, each with all events of some users."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

EVENTS_FOLDER = "events"
EVENTS_PER_SHARD = 500_000
_MOST_SHARDS = 10_000


def shard_count(rows: int) -> int:
    """How many shards about this many events are spread over."""
    return min(max(1, -(-rows // EVENTS_PER_SHARD)), _MOST_SHARDS)


def shard_path(folder: Path, shard: int, shards: int) -> Path:
    """File of a shard."""
    return folder / EVENTS_FOLDER / f"part-{shard:05d}-of-{shards:05d}.parquet"


def event_files(tables: Path) -> list[Path]:
    """The files of the events among a shop's ingested tables, in order."""
    return sorted((tables / EVENTS_FOLDER).glob("part-*.parquet"))


def event_columns(tables: Path) -> list[str]:
    """Names of the columns of the events."""
    return list(pq.read_schema(event_files(tables)[0]).names)


def read_events(tables: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """All events with the named columns, of which those that the shop does not have are left out."""
    present = event_columns(tables)
    wanted = present if columns is None else [name for name in columns if name in present]
    return pa.concat_tables(pq.read_table(path, columns=wanted) for path in event_files(tables))
