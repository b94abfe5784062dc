"""The steps of the ingestion of events, on batches: plain functions that know nothing of Beam."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.sources.contract import EVENT_COLUMNS, FILE, ROW, SPAN, WINDOW
from tfx_pipeline.sources.event_files import shard_path
from tfx_pipeline.sources.event_shards import build_shard
from tfx_pipeline.sources.forgotten_users import ForgottenUsers
from tfx_pipeline.sources.id_set import IdSet
from tfx_pipeline.sources.mapping import Order
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.readers import Reader
from tfx_pipeline.sources.rejected import Rejected
from tfx_pipeline.sources.rules import EventRules
from tfx_pipeline.sources.sieve import Sieve
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.sources.user_hash import user_hash
from tfx_pipeline.split import WINDOWS
from tfx_pipeline.table_config import DataConfig, TableConfig
from tfx_pipeline.write_aside import write_aside


@dataclass(frozen=True)
class EventsJob:
    """What every worker must know to ingest events; small, and without secrets.

    Attributes:
        data: The shop's tables.
        table: The table of events among them, or the serving log.
        files: Its files.
        event_types: The event types that the objectives name.
        now: Latest time that an event may have, epoch seconds.
        folder: Where the tables are written; the items are there already, if the shop has them.
        shards: Number of shards.
        columns: Names of the columns that are written, over all files.
        forgotten: The users to forget.
        source_columns: Names of the shop's columns, over all files.
        order: What the times are: `clock`, or the order that stands for it: `sequence` or `file`.
    """

    data: DataConfig
    table: TableConfig
    files: tuple[SourceFile, ...]
    event_types: tuple[str, ...]
    now: int
    folder: Path
    shards: int
    columns: tuple[str, ...]
    forgotten: ForgottenUsers | None = None
    source_columns: tuple[str, ...] = ()
    order: Order = "clock"

    @property
    def items_file(self) -> Path | None:
        """The ingested items that events must be of, if the rules ask for it."""
        if self.data.items is None or self.data.rules.unlisted_items == "keep":
            return None
        return self.folder / "items.parquet"


@dataclass(frozen=True)
class Tally:
    """Counts of a piece of the work, which add up.

    Attributes:
        rows_read: Rows of the source.
        counts: (action, reason) -> rows that are not kept.
        returned: Purchases that a return took back.
    """

    rows_read: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    returned: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        counts = self.counts + other.counts
        return Tally(self.rows_read + other.rows_read, counts, self.returned + other.returned)


@dataclass(frozen=True)
class Piece:
    """What one step makes of one batch.

    Attributes:
        kept: Shard -> events for it.
        rejected: Rows for the quarantine file.
        tally: Counts.
    """

    kept: dict[int, pa.Table]
    rejected: Rejected
    tally: Tally


def sieve_of(reader: Reader, job: EventsJob) -> Sieve:
    """The sieve of a file of events."""
    known = None if job.items_file is None else _known_items(job.items_file)
    rules = EventRules(job.event_types, known, job.data.rules, job.now, job.order == "clock")
    return Sieve(
        reader,
        job.table,
        EVENT_COLUMNS,
        rules,
        written=job.columns,
        elsewhere=job.source_columns,
        hide_users=user_hash(job.data.privacy),
        forgotten=job.forgotten.mask if job.forgotten else None,
    )


def sift_part(job: EventsJob, file_number: int, part: int) -> Iterator[Piece]:
    """Read a part of a file, and give its batches sifted and spread over the shards."""
    reader = open_table(job.files[file_number], job.table)
    sieve = sieve_of(reader, job)
    for batch in reader.batches(sieve.parts, part):
        sifted = sieve.sift(batch, file_number)
        tally = Tally(sifted.rows_read, sifted.counts)
        kept = _with_source(sifted.kept, sifted.rows, job, file_number)
        yield Piece(dict(_spread(kept, job.shards)), sifted.rejected, tally)


def write_shard(job: EventsJob, shard: int, batches: Iterable[pa.Table]) -> tuple[Rejected, Tally, pa.Array]:
    """Write the events of a shard, which may be none.

    Returns:
        What the rules over several rows left out, the counts, and the distinct items of the written events.
    """
    built = build_shard(pa.concat_tables(batches), job.data.rules, job.event_types)
    with write_aside(shard_path(job.folder, shard, job.shards)) as aside:
        pq.write_table(built.events, aside, compression="snappy")
    item_ids = pc.unique(built.events["item_id"].combine_chunks())
    return built.rejected, Tally(0, built.counts, built.returned), item_ids


@lru_cache(maxsize=2)
def _known_items(items_file: Path) -> IdSet:
    """The ids of the ingested items: once a process, as building the set takes as long as reading many a part."""
    return IdSet(pq.read_table(items_file, columns=["item_id"])["item_id"].combine_chunks())


def _with_source(kept: pa.Table, rows: np.ndarray, job: EventsJob, file_number: int) -> pa.Table:
    """The events with the place where they come from, and with window and span where all files stand for one."""
    file = job.files[file_number]
    columns = {FILE: np.full(len(kept), file_number, np.int32), ROW: rows}
    if job.table.eval_path or job.table.test_path:
        window = WINDOWS.index(file.window) if file.window is not None else 0
        columns[WINDOW] = np.full(len(kept), window, np.int8)
    if all(each.span is not None for each in job.files):
        columns[SPAN] = np.full(len(kept), file.span, np.int64)
    for name, values in columns.items():
        kept = kept.append_column(name, pa.array(values))
    return kept


def _spread(events: pa.Table, shards: int) -> Iterator[tuple[int, pa.Table]]:
    """The events of each shard: all of one user go to the same one, on whatever machine."""
    if shards == 1:
        yield 0, events
        return
    users = events["user_id"].combine_chunks().dictionary_encode()
    # Python's own hash differs between processes; this one does not.
    hashes = pd.util.hash_array(users.dictionary.to_numpy(zero_copy_only=False), categorize=False)
    # Of 16 bits, because NumPy sorts those in linear time.
    of_row = (hashes % np.uint64(shards)).astype(np.uint16)[users.indices.to_numpy()]
    order = np.argsort(of_row, kind="stable")
    ordered = events.take(pa.array(order))
    bounds = np.searchsorted(of_row[order], np.arange(shards + 1))
    for shard in range(shards):
        if bounds[shard + 1] > bounds[shard]:
            yield shard, ordered.slice(bounds[shard], bounds[shard + 1] - bounds[shard])
