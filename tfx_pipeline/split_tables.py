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
    wanted = [name for name in ("timestamp", WINDOW) if name in event_columns(tables)]
    columns = pa.concat_tables(pq.read_table(path, columns=wanted) for path in event_files(tables))
    windows = columns[WINDOW].to_numpy() if WINDOW in wanted else None
    timestamps: np.ndarray = columns["timestamp"].to_numpy()
    return find_split(timestamps, windows, config, str(tables / "events"))
