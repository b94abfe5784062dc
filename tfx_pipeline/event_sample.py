"""A seeded random sample of the events in Parquet files, all of them or those of one span."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.sources.contract import SPAN

_BATCH_ROWS = 131_072


@dataclass(frozen=True)
class EventSample:
    """Events drawn without replacement.

    Attributes:
        events: Those drawn, in the order of the files.
        rows: How many events they were drawn from.
    """

    events: pa.Table
    rows: int


def count_spans(files: Sequence[Path]) -> dict[int, int]:
    """Events of each span, oldest span first; empty if the events have no spans."""
    counts: Counter[int] = Counter()
    for file in files:
        if SPAN not in pq.read_schema(file).names:
            return {}
        for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=[SPAN]):
            spans, rows = np.unique(batch[SPAN].to_numpy(), return_counts=True)
            counts.update(dict(zip(spans.tolist(), rows.tolist(), strict=True)))
    return dict(sorted(counts.items()))


def sample_events(
    files: Sequence[Path], columns: Sequence[str], limit: int, seed: int, span: int | None = None
) -> EventSample:
    """Draw events; never holds more than a batch beside them.

    Args:
        files: Parquet files of equal schema.
        columns: Columns that are wanted.
        limit: Most events that are drawn.
        seed: Of the draw.
        span: Draw only from the events of this span.
    """
    if span is None:
        rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    else:
        rows = count_spans(files).get(span, 0)
    # Random.sample needs memory for the rows that it draws, NumPy's choice for all.
    drawn = range(rows) if rows <= limit else random.Random(seed).sample(range(rows), limit)
    chosen = np.sort(np.asarray(drawn, dtype=np.int64))
    taken = []
    first = 0
    for batch in _batches(files, columns, span):
        low, high = np.searchsorted(chosen, [first, first + len(batch)])
        taken.append(batch.take(pa.array(chosen[low:high] - first)))
        first += len(batch)
    schema = pa.schema([pq.read_schema(files[0]).field(name) for name in columns])
    return EventSample(pa.concat_tables([schema.empty_table(), *taken]), rows)


def _batches(files: Sequence[Path], columns: Sequence[str], span: int | None) -> Iterator[pa.Table]:
    read = list(columns) if span is None else list(dict.fromkeys([*columns, SPAN]))
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=read):
            table = pa.Table.from_batches([batch])
            if span is not None:
                table = table.filter(pa.array(table[SPAN].to_numpy() == span))
            yield table.select(list(columns))
