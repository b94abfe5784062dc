"""The ingestion of events as a Beam pipeline, whose elements are batches."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.sources.arrow_bytes import pack, unpack
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_steps import EventsJob, Tally, sift_part, write_shard
from tfx_pipeline.sources.quarantine import write_quarantine
from tfx_pipeline.sources.rejected import SCHEMA
from tfx_pipeline.write_aside import write_aside

QUARANTINE_FILE = Path("quarantine") / "events.csv"
_TALLY_FILE, _ITEM_IDS_FILE = ".tally.json", ".item_ids.parquet"
_SUMMARY = "summary"


@dataclass(frozen=True)
class _Summary:
    """What is left of a piece of the work once its events are on their way; Arrow tables are packed.

    `error` is the place and the message of a `DataError`: runners turn errors into text of their own, each another one.
    """

    rejected: bytes
    tally: Tally
    item_ids: bytes
    error: tuple[int, int, str] | None = None


def ingest_events(pipeline: beam.Pipeline, job: EventsJob, parts: list[tuple[int, int]]) -> None:
    """Add the ingestion of events to a pipeline.

    Args:
        pipeline: It has not run yet.
        job: The work.
        parts: (number of the file, part of it) of every piece that is read on its own.
    """
    sifted = (
        pipeline
        | "Parts" >> beam.Create(parts)
        | "Sift" >> beam.FlatMap(_sift, job).with_outputs(_SUMMARY, main="kept")
    )
    written = sifted.kept | "GroupShards" >> beam.GroupByKey() | "WriteShard" >> beam.Map(_write, job)
    _ = (
        (sifted[_SUMMARY], written)
        | beam.Flatten()
        | "ToOne" >> beam.Map(lambda summary: (0, summary))
        | "GroupSummaries" >> beam.GroupByKey()
        | "Summarize" >> beam.Map(_summarize, job)
    )


def read_tally(folder: Path) -> tuple[Tally, pa.Array]:
    """What the pipeline counted, and the distinct items of the kept events; removes the files that held it.

    Raises:
        DataError: The first one that a piece of the work met.
    """
    document = json.loads((folder / _TALLY_FILE).read_text(encoding="utf-8"))
    if document["errors"]:
        raise DataError(document["errors"][0][-1])
    counts = Counter({(action, reason): count for action, reason, count in document["counts"]})
    item_ids = pq.read_table(folder / _ITEM_IDS_FILE)["item_id"].combine_chunks()
    for name in (_TALLY_FILE, _ITEM_IDS_FILE):
        (folder / name).unlink()
    return Tally(document["rows_read"], counts, document["returned"]), item_ids


def _sift(part: tuple[int, int], job: EventsJob) -> Iterator[Any]:
    rejected, tally, error = [SCHEMA.empty_table()], Tally(), None
    try:
        for piece in sift_part(job, *part):
            for shard, events in piece.kept.items():
                yield shard, pack(events)
            rejected.append(piece.rejected)
            tally += piece.tally
    except DataError as stopped:
        error = (*part, str(stopped))
    summary = _Summary(pack(pa.concat_tables(rejected)), tally, pack(_ids_table(pa.array([], pa.string()))), error)
    yield beam.pvalue.TaggedOutput(_SUMMARY, summary)


def _write(shard: tuple[int, Iterable[bytes]], job: EventsJob) -> _Summary:
    rejected, tally, item_ids = write_shard(job, shard[0], map(unpack, shard[1]))
    return _Summary(pack(rejected), tally, pack(_ids_table(item_ids)))


def _summarize(group: tuple[int, Iterable[_Summary]], job: EventsJob) -> None:
    """Write the quarantine file, the counts and the items of all pieces."""
    summaries = list(group[1])
    total = sum((summary.tally for summary in summaries), Tally())
    counts = [[action, reason, count] for (action, reason), count in sorted(total.counts.items())]
    errors = sorted(summary.error for summary in summaries if summary.error)
    if not errors:  # A damaged file has no lines to look up.
        rejected = [unpack(summary.rejected) for summary in summaries]
        write_quarantine(job.folder / QUARANTINE_FILE, rejected, job.files, job.table)
    document = {"rows_read": total.rows_read, "counts": counts, "returned": total.returned, "errors": errors}
    ids = pc.unique(pa.concat_tables(unpack(summary.item_ids) for summary in summaries)["item_id"])
    with write_aside(job.folder / _ITEM_IDS_FILE) as aside:
        pq.write_table(_ids_table(ids.take(pc.sort_indices(ids))), aside)
    with write_aside(job.folder / _TALLY_FILE) as aside:
        aside.write_text(json.dumps(document), encoding="utf-8")


def _ids_table(ids: pa.Array) -> pa.Table:
    return pa.table({"item_id": ids})
