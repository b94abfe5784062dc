"""TFX component: point-in-time examples of users and the catalogue, built by Beam from batches of events.

Beam elements are Arrow tables throughout; a shard holds all events of its users.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.component.experimental.annotations import (
    BeamComponentParameter,
    InputArtifact,
    OutputArtifact,
    Parameter,
)
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx_bsl.coders import example_coder

from tfx_pipeline.components.artifacts import ShopTables
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.item_examples import build_item_examples, merge_price_sums, price_sums
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.time_split import TimeSplit, split_in_time
from tfx_pipeline.user_examples import build_user_examples
from trainer.features import CATALOGUE, EVAL, RANKER, TRAIN, USERS

USER_SPLITS = (TRAIN, RANKER, EVAL, USERS)
SPLITS = (*USER_SPLITS, CATALOGUE)
_EVENTS_PER_SHARD = 250_000
_COLUMNS = ("user_id", "item_id", "event_type", "timestamp", "basket_id")


@component(use_beam=True)
def ExampleBuilder(
    tables: InputArtifact[ShopTables],
    split: Parameter[str],
    history: Parameter[str],
    examples: OutputArtifact[standard_artifacts.Examples],
    beam_pipeline: BeamComponentParameter[beam.Pipeline] = None,
) -> None:
    """Cut the events into examples.

    Args:
        tables: The tables on the data contract.
        split: `SplitConfig` as JSON.
        history: `HistoryConfig` as JSON.
        examples: tf.Examples of the splits train, ranker, eval, users and catalogue.
        beam_pipeline: Where the work runs.

    Raises:
        DataError: A time window is empty, or fewer than two users have events to learn from.
    """
    events_file, items_file = Path(tables.uri) / "events.parquet", Path(tables.uri) / "items.parquet"
    boundaries = _time_split(events_file, SplitConfig.model_validate_json(split))
    with beam_pipeline as pipeline:
        batches = (
            pipeline
            | "RowGroups" >> beam.Create(_row_groups(events_file))
            | "Spread" >> beam.Reshuffle()
            | "ReadEvents" >> beam.Map(_read_row_group)
        )
        users = (
            batches
            | "ShardByUser" >> beam.FlatMap(_shard_by_user, shards=_shard_count(events_file))
            | "GroupShards" >> beam.GroupByKey()
            | "UserExamples"
            >> beam.FlatMap(_build_shard, boundaries, HistoryConfig.model_validate_json(history)).with_outputs(
                *USER_SPLITS
            )
        )
        items = (
            batches
            | "TrainingPrices" >> beam.Map(price_sums, before=boundaries.eval_start)
            | "MergePrices" >> beam.CombineGlobally(merge_price_sums)
            | "ItemExamples" >> beam.FlatMap(_build_items, items_file)
        )
        for name in SPLITS:
            serialized = items if name == CATALOGUE else users[name]
            prefix = os.path.join(examples.uri, f"Split-{name}", "data_tfrecord")
            serialized | f"Write-{name}" >> beam.io.WriteToTFRecord(prefix, file_name_suffix=".gz")
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))


def _time_split(events_file: Path, config: SplitConfig) -> TimeSplit:
    columns = pq.read_table(events_file, columns=["timestamp", "user_id"])
    timestamps = columns["timestamp"].to_numpy()
    boundaries = split_in_time(timestamps, config, str(events_file))
    users = len(columns["user_id"].filter(pa.array(timestamps < boundaries.ranker_start)).unique())
    if users < 2:
        raise DataError(f"{events_file}: {users} user in the training window; the towers need at least two")
    return boundaries


def _row_groups(events_file: Path) -> list[tuple[str, int, int]]:
    """(file, row group, number of its first row) of every row group."""
    metadata = pq.ParquetFile(events_file).metadata
    sizes = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    firsts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return [(str(events_file), index, int(first)) for index, first in enumerate(firsts)]


def _shard_count(events_file: Path) -> int:
    return max(1, pq.ParquetFile(events_file).metadata.num_rows // _EVENTS_PER_SHARD)


def _read_row_group(group: tuple[str, int, int]) -> pa.Table:
    path, index, first = group
    file = pq.ParquetFile(path)
    wanted = [name for name in (*_COLUMNS, "price") if name in file.schema_arrow.names]
    table = file.read_row_group(index, columns=wanted)
    return table.append_column("row", pa.array(np.arange(first, first + len(table))))


def _shard_by_user(batch: pa.Table, shards: int) -> Iterator[tuple[int, pa.Table]]:
    dictionary = batch["user_id"].combine_chunks().dictionary_encode()
    # Python's own hash differs between workers; this one does not.
    of_user = np.array([_stable_hash(user) % shards for user in dictionary.dictionary.to_pylist()])
    of_row = of_user[dictionary.indices.to_numpy()]
    for shard in np.unique(of_row):
        yield int(shard), batch.filter(pa.array(of_row == shard))


def _stable_hash(text: str) -> int:
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def _build_shard(
    shard: tuple[int, Iterable[pa.Table]], boundaries: TimeSplit, history: HistoryConfig
) -> Iterator[beam.pvalue.TaggedOutput]:
    events = pa.concat_tables(shard[1])
    for name, batch in build_user_examples(events, boundaries, history).items():
        for serialized in example_coder.RecordBatchToExamplesEncoder().encode(batch):
            yield beam.pvalue.TaggedOutput(name, serialized)


def _build_items(prices: pa.Table, items_file: Path) -> list[bytes]:
    batch = build_item_examples(pq.read_table(items_file), prices)
    return example_coder.RecordBatchToExamplesEncoder().encode(batch)
