"""The outcomes of a feedback log."""

from pathlib import Path

import numpy as np
import pandas as pd

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.log_parts import part_files, read_part


def read_outcomes(folder: str | Path) -> pd.DataFrame:
    """Read all events of a log.

    Args:
        folder: The log.

    Returns:
        The columns of the table `outcomes`, one row an event, in the order of the files; a value that is not known is
        NaN. Then `file` (string) and `row` (int64, from 1): where the event stands. An event may be there twice.

    Raises:
        PipelineError: A file is damaged, or a value is infinite. The message names the file and the row.
    """
    parts = [_empty(), *(_checked(path) for path in part_files(Path(folder), "outcomes"))]
    return pd.concat(parts, ignore_index=True)


def _empty() -> pd.DataFrame:
    texts = {name: np.array([], object) for name in ("request_id", "item_id", "event_type")}
    numbers = {"timestamp": np.array([], np.int64), "value": np.array([], np.float64)}
    return pd.DataFrame(texts | numbers | {"file": np.array([], object), "row": np.array([], np.int64)})


def _checked(path: Path) -> pd.DataFrame:
    frame = read_part(path, "outcomes").to_pandas()
    # A column of nulls alone comes back as objects.
    frame["value"] = frame["value"].astype(np.float64)
    infinite = np.isinf(frame["value"].to_numpy())
    if infinite.any():
        first = int(np.argmax(infinite))
        raise PipelineError(f"{path}: row {first + 1}: value {frame['value'][first]} is no finite number")
    return frame.assign(file=str(path), row=np.arange(1, len(frame) + 1))
