"""The split of ingested tables."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.contract import WINDOW
from tfx_pipeline.sources.event_files import event_columns, event_files
from tfx_pipeline.split import Split, find_split


def read_split(tables: Path, config: SplitConfig) -> Split:
    """The split that a configuration means for ingested events.

    Raises:
        DataError: A window is empty.
    """
    columns = _read(tables)
    windows = columns[WINDOW].to_numpy() if WINDOW in columns.column_names else None
    timestamps: np.ndarray = columns["timestamp"].to_numpy()
    return find_split(timestamps, windows, config, str(tables / "events"))


def trained_until(tables: Path, config: SplitConfig) -> int:
    """The first moment, epoch seconds, of which no event has been learned from.

    Without one cut for the whole shop that is the moment after the last event.

    Raises:
        DataError: A window is empty.
    """
    after_all = int(_read(tables)["timestamp"].to_numpy().max()) + 1
    return min(read_split(tables, config).eval_start, after_all)


def _read(tables: Path) -> pa.Table:
    wanted = [name for name in ("timestamp", WINDOW) if name in event_columns(tables)]
    return pa.concat_tables(pq.read_table(path, columns=wanted) for path in event_files(tables))
