"""A shop's tables, checked against the data contract, to Parquet: the front of the pipeline."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.sources.contract import (
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    JUDGMENT_COLUMNS,
    RETURNED_AT,
    TIMESTAMP,
    USER_COLUMNS,
    missing_values,
)
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import EVENTS_FOLDER, shard_count
from tfx_pipeline.sources.event_shards import build_shard
from tfx_pipeline.sources.event_steps import EventsJob, Tally, sift_part
from tfx_pipeline.sources.forgotten_users import ForgottenUsers
from tfx_pipeline.sources.mapping import bind
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.quarantine import show_quarantine, write_quarantine
from tfx_pipeline.sources.report import REPORT_FILE, IngestReport, TableReport, table_report
from tfx_pipeline.sources.rules import ItemRules, JudgmentRules, Rules, UserRules
from tfx_pipeline.sources.sieve import columns_of
from tfx_pipeline.sources.source_files import SourceFile, source_files
from tfx_pipeline.sources.table_ingest import QUARANTINE, TooManyBadRows, check_report, ingest_table
from tfx_pipeline.sources.user_hash import user_hash
from tfx_pipeline.table_config import DataConfig, RulesConfig, TableConfig

ITEMS_FILE, SERVING_LOG_FILE = "items.parquet", "serving_log.parquet"
PipelineFactory = Callable[[], Any]


def ingest(
    data: DataConfig,
    event_types: Sequence[str],
    destination: Path,
    quarantine: Path | None = None,
    forgotten: Path | None = None,
    make_pipeline: PipelineFactory | None = None,
) -> IngestReport:
    """Read the shop's tables and write what satisfies the contract.

    `destination` receives `events/part-*.parquet`, each with all events of some users in order, `items.parquet`,
    `users.parquet`, `judgments.parquet` and `serving_log.parquet` where the shop has them, all with the columns of
    the contract and no nulls; `quarantine/<table>.csv` with every rejected row; and `ingest.json`, the report. After
    an error it is as empty as before. Events pass through Beam; the other tables through this process.

    Args:
        data: Where the tables are and how their columns map onto the contract.
        event_types: The event types that the objectives name.
        destination: An existing, empty directory that all workers can reach.
        quarantine: Where the rejected rows go when so many are bad that nothing is written to `destination`.
        forgotten: File of the users to forget, see `tfx_pipeline.sources.forgotten_users`; it need not exist.
        make_pipeline: Makes the Beam pipeline; by default one that runs in this process.

    Raises:
        DataError: A file is missing, empty, damaged or not what its name says; a column is missing; more rows than
            `data.max_bad_share` are bad; or no row is left.
    """
    if not destination.is_dir() or any(destination.iterdir()):
        raise DataError(f"{destination}: the destination is not an empty directory")
    with tempfile.TemporaryDirectory(prefix=".ingest-", dir=destination) as scratch:
        written = Path(scratch)
        try:
            report = _write_tables(data, event_types, written, forgotten, make_pipeline or in_process)
        except TooManyBadRows as error:
            if quarantine is None:
                raise
            show_quarantine(written / QUARANTINE, quarantine)
            raise TooManyBadRows(f"{error}; all of them: {quarantine}") from error
        (written / REPORT_FILE).write_text(report.to_json(), encoding="utf-8")
        for path in sorted(written.iterdir(), key=lambda path: path.name == REPORT_FILE):
            path.rename(destination / path.name)
    return report


def check_tables(data: DataConfig) -> None:
    """Open the shop's tables and find every column that the mapping needs, without reading rows.

    Raises:
        DataError: A file is missing, empty or not what its name says, or a column is missing.
    """
    for name, table in data.tables.items():
        contract = _CONTRACTS[name]
        readers = [open_table(file, table) for file in source_files(table)]
        offered = {name for reader in readers for name in reader.columns}
        for reader in readers:
            bind(table, contract, reader.columns, reader.path, offered)
    user_hash(data.privacy)


def in_process() -> Any:
    """A Beam pipeline that runs in this process."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from tfx_pipeline.runners import IN_PROCESS

    return beam.Pipeline(options=PipelineOptions(IN_PROCESS))


_CONTRACTS = {
    "events": EVENT_COLUMNS,
    "items": ITEM_COLUMNS,
    "users": USER_COLUMNS,
    "judgments": JUDGMENT_COLUMNS,
}


def _write_tables(
    data: DataConfig, event_types: Sequence[str], folder: Path, forgotten: Path | None, make_pipeline: PipelineFactory
) -> IngestReport:
    (folder / QUARANTINE).mkdir()
    users = ForgottenUsers(forgotten) if forgotten is not None else None
    items = _ingest_small("items", data, ItemRules(data.rules), folder, users)
    others = {
        "users": _ingest_small("users", data, UserRules(), folder, users),
        "judgments": _ingest_small("judgments", data, JudgmentRules(_item_ids(folder)), folder, users),
    }
    job, parts = _plan(data, data.events, event_types, folder, users)
    tally, item_ids = _run(job, parts, make_pipeline)
    events = table_report(tally.rows_read, tally.counts)
    check_report(events, data.events, data.max_bad_share, folder / QUARANTINE / "events.csv")
    added = _complete_items(folder, item_ids, data)
    if data.serving_log is not None:
        others["serving_log"] = _ingest_log(data, data.serving_log, event_types, folder, users)
    return IngestReport(
        events=events,
        items=items or TableReport(added, added),
        others={name: report for name, report in others.items() if report is not None},
        time=job.order,
        returned=tally.returned,
        items_added=added if items else 0,
        spans=_span_range(job.files),
    )


def _ingest_small(
    name: str, data: DataConfig, rules: Rules, folder: Path, forgotten: ForgottenUsers | None
) -> TableReport | None:
    table = data.tables.get(name)
    if table is None:
        return None
    report = ingest_table(name, table, _CONTRACTS[name], rules, folder, user_hash(data.privacy), forgotten)
    check_report(report, table, data.max_bad_share, folder / QUARANTINE / f"{name}.csv")
    return report


def _item_ids(folder: Path) -> pa.Array | None:
    path = folder / ITEMS_FILE
    return pq.read_table(path, columns=["item_id"])["item_id"].combine_chunks() if path.exists() else None


def _plan(
    data: DataConfig, table: TableConfig, event_types: Sequence[str], folder: Path, forgotten: ForgottenUsers | None
) -> tuple[EventsJob, list[tuple[int, int]]]:
    """The work on the files of a table of events, and its pieces."""
    files = source_files(table)
    readers = [open_table(file, table) for file in files]
    offered = tuple(dict.fromkeys(name for reader in readers for name in reader.columns))
    bindings = [bind(table, EVENT_COLUMNS, reader.columns, reader.path, offered) for reader in readers]
    bound = {each.column.name for of_file in bindings for each in of_file}
    if data.rules.return_types:
        bound.add("quantity")
    orders = {each.order for of_file in bindings for each in of_file if each.column.name == TIMESTAMP}
    if len(orders) > 1:
        raise DataError(f"{table.name}: some files have times and others an order: {', '.join(sorted(orders))}")
    job = EventsJob(
        data=data,
        table=table,
        files=tuple(files),
        event_types=tuple(event_types),
        now=_latest_time(data.rules),
        folder=folder,
        shards=shard_count(sum(reader.size for reader in readers)),
        columns=tuple(column.name for column in columns_of(table, EVENT_COLUMNS) if column.name in bound),
        source_columns=offered,
        forgotten=forgotten,
        order=orders.pop(),
    )
    parts = [(number, part) for number, reader in enumerate(readers) for part in range(reader.parts)]
    return job, parts


def _latest_time(rules: RulesConfig) -> int:
    """Latest time that an event may have, epoch seconds; one that is given without a zone is in UTC."""
    now = rules.now or datetime.now(timezone.utc) + timedelta(days=1)
    return int((now if now.tzinfo else now.replace(tzinfo=timezone.utc)).timestamp())


def _run(job: EventsJob, parts: list[tuple[int, int]], make_pipeline: PipelineFactory) -> tuple[Tally, pa.Array]:
    # Beam takes seconds to import, and whoever only asks for `--help` has no use for it.
    from tfx_pipeline.sources.beam_events import ingest_events, read_tally

    (job.folder / EVENTS_FOLDER).mkdir()
    with make_pipeline() as pipeline:
        ingest_events(pipeline, job, parts)
    return read_tally(job.folder)


def _ingest_log(
    data: DataConfig, table: TableConfig, event_types: Sequence[str], folder: Path, forgotten: ForgottenUsers | None
) -> TableReport:
    """Write the serving log as one file; its rows pass the same rules as the events."""
    job, parts = _plan(data, table, event_types, folder, forgotten)
    job = replace(job, shards=1)
    pieces = [piece for part in parts for piece in sift_part(job, *part)]
    rejected = [piece.rejected for piece in pieces]
    tally = sum((piece.tally for piece in pieces), Tally())
    if kept := [events for piece in pieces for events in piece.kept.values()]:
        shard = build_shard(pa.concat_tables(kept), data.rules, event_types)
        names = [name for name in shard.events.column_names if name != RETURNED_AT]
        pq.write_table(shard.events.select(names), folder / SERVING_LOG_FILE)
        rejected.append(shard.rejected)
        tally += Tally(0, shard.counts)
    path = folder / QUARANTINE / "serving_log.csv"
    write_quarantine(path, rejected, job.files, table)
    report = table_report(tally.rows_read, tally.counts)
    check_report(report, table, data.max_bad_share, path)
    return report


def _complete_items(folder: Path, item_ids: pa.Array, data: DataConfig) -> int:
    """Add the items of the kept events that the catalogue lacks, with nothing but their ids; how many there were."""
    known = _item_ids(folder)
    added = item_ids if known is None else item_ids.filter(pc.invert(pc.is_in(item_ids, value_set=known)))
    columns = columns_of(data.items, ITEM_COLUMNS) if data.items is not None else list(ITEM_COLUMNS)
    arrays = {"item_id": added, **{each.name: missing_values(each, len(added)) for each in columns[1:]}}
    parts = [pq.read_table(folder / ITEMS_FILE)] if known is not None else []
    if len(added) or not parts:
        pq.write_table(pa.concat_tables([*parts, pa.table(arrays)]), folder / ITEMS_FILE)
    return len(added)


def _span_range(files: Sequence[SourceFile]) -> tuple[int, int] | None:
    spans = np.array([file.span for file in files if file.span is not None])
    return (int(spans.min()), int(spans.max())) if len(spans) else None
