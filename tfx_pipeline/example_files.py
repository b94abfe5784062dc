"""Examples from ingested tables, as a Beam pipeline over shards of events; each shard writes its own files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.config import HistoryConfig
from tfx_pipeline.example_encoding import encode_batch
from tfx_pipeline.item_examples import build_item_examples, merge_price_sums, price_sums
from tfx_pipeline.record_file import write_records
from tfx_pipeline.sources.arrow_bytes import pack, unpack
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.event_files import event_files
from tfx_pipeline.split import WINDOWS, Split
from tfx_pipeline.timeline import Timeline
from tfx_pipeline.user_examples import USER_SPLITS, build_user_examples
from tfx_pipeline.write_aside import write_aside
from trainer.features import CATALOGUE, RANKER

SPLITS = (*USER_SPLITS, CATALOGUE)
SPLIT_FILE = "split.json"
_TRAINING_USERS_FILE = ".training_users"


@dataclass(frozen=True)
class _Summary:
    """What the catalogue's examples, and the check of all, need to know of a shard."""

    prices: bytes
    training_users: int


@dataclass(frozen=True)
class _Job:
    tables: Path
    split: Split
    history: HistoryConfig
    destination: Path
    shards: int
    splits: tuple[str, ...]


def build_examples(
    pipeline: beam.Pipeline,
    tables: Path,
    split: Split,
    history: HistoryConfig,
    destination: Path,
    splits: tuple[str, ...] = SPLITS,
) -> None:
    """Add the building of all examples to a pipeline.

    Args:
        pipeline: It has not run yet; its workers can reach both folders.
        tables: The tables on the data contract.
        split: What decides the window of an event.
        history: Lengths of windows, context and store.
        destination: Receives `Split-<name>/data_tfrecord-*.gz` for each of the splits.
        splits: Which of `SPLITS` to build.
    """
    files = event_files(tables)
    job = _Job(tables, split, history, destination, len(files), splits)
    _ = (
        pipeline
        | "Shards" >> beam.Create(list(enumerate(files)))
        | "UserExamples" >> beam.Map(_write_user_examples, job)
        | "ToOne" >> beam.Map(lambda summary: (0, summary))
        | "GroupSummaries" >> beam.GroupByKey()
        | "ItemExamples" >> beam.Map(_write_item_examples, job)
    )


def check_training_users(tables: Path, destination: Path) -> None:
    """Look whether the examples that were built have somebody to learn from.

    Raises:
        DataError: Fewer than two users have events in the training window.
    """
    users = int((destination / _TRAINING_USERS_FILE).read_text(encoding="ascii"))
    if users < 2:
        raise DataError(f"{tables / 'events'}: {users} user in the training window; the towers need at least two")


def split_file(destination: Path, split: str, shard: int, shards: int) -> Path:
    """File of the examples of a split that one shard of events gave."""
    return destination / f"Split-{split}" / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"


def _write_user_examples(shard: tuple[int, Path], job: _Job) -> _Summary:
    number, path = shard
    events = pq.read_table(path)
    timeline = Timeline.of(events, job.split)
    splits = [name for name in USER_SPLITS if name in job.splits]
    for name, examples in build_user_examples(events, timeline, job.history, splits).items():
        write_records(split_file(job.destination, name, number, job.shards), examples)
    training_users = int((timeline.first[WINDOWS.index(RANKER)] > timeline.users[:-1]).sum())
    return _Summary(pack(price_sums(events, timeline.windows)), training_users)


def _write_item_examples(group: tuple[int, Iterable[_Summary]], job: _Job) -> None:
    summaries = list(group[1])
    with write_aside(job.destination / _TRAINING_USERS_FILE) as aside:
        aside.write_text(str(sum(summary.training_users for summary in summaries)), encoding="ascii")
    if CATALOGUE not in job.splits:
        return
    prices = merge_price_sums(unpack(summary.prices) for summary in summaries)
    items: pa.Table = pq.read_table(job.tables / "items.parquet")
    write_records(split_file(job.destination, CATALOGUE, 0, 1), encode_batch(build_item_examples(items, prices)))
