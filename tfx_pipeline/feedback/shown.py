"""The slates of a feedback log."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from serving.feedback.schema import LARGEST_PROBABILITY, SHOWN, SLOT_COLUMNS
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.log_parts import part_files, read_part

_PROBABILITIES = ("propensities", "inclusion_probabilities")
_SCALARS = {"int64": np.int64, "float": np.float32}
_NUMBERS = ("scores", "predicted_utilities", "exploration_features", "history_ages")


def read_shown(folder: str | Path) -> pd.DataFrame:
    """Read all slates of a log and refuse what cannot be true.

    Args:
        folder: The log.

    Returns:
        The columns of the table `shown`, one row a slate, ordered by time and request id; lists are NumPy arrays. Then
        `file` (string) and `row` (int64, from 1): where the slate stands. A slate that was written twice is there once.

    Raises:
        PipelineError: A file is damaged; a probability is missing, zero, negative or above one; a number is not finite;
            lists of one slate have unequal lengths; a slate shows an item twice; or two different slates have one
            request id. The message names the file and the row.
    """
    tables = [_checked(path) for path in part_files(Path(folder), "shown")]
    frame = pd.concat([_empty(), *tables], ignore_index=True)
    return _without_duplicates(frame).sort_values(["timestamp", "request_id"], ignore_index=True)


def _empty() -> pd.DataFrame:
    columns = {
        column.name: np.array([], object if column.is_list else _SCALARS.get(column.kind, object)) for column in SHOWN
    }
    return pd.DataFrame(columns | {"file": np.array([], object), "row": np.array([], np.int64)})


def _checked(path: Path) -> pd.DataFrame:
    part = read_part(path, "shown")
    slots = _lengths(part, "item_ids")
    for name in SLOT_COLUMNS:
        _refuse(path, _lengths(part, name) != slots, f"{name} and item_ids have unequal lengths")
    events = _lengths(part, "history_item_ids")
    for name in ("history_event_types", "history_ages"):
        _refuse(path, _lengths(part, name) != events, f"{name} and history_item_ids have unequal lengths")
    features = _lengths(part, "exploration_features")
    uneven = features % np.maximum(slots, 1) != 0
    _refuse(path, uneven | (slots == 0) & (features > 0), "exploration_features are not as many for each item")
    for name in _PROBABILITIES:
        _check_probabilities(path, part, name)
    for name in _NUMBERS:
        numbers, rows = _flat(part, name)
        _refuse_value(path, ~np.isfinite(numbers), numbers, rows, name, "is no finite number")
    _check_items(path, part)
    frame = part.to_pandas()
    for name in _PROBABILITIES:
        frame[name] = [np.minimum(values, 1.0) for values in frame[name]]
    return frame.assign(file=str(path), row=np.arange(1, len(frame) + 1))


def _lengths(part: pa.Table, name: str) -> np.ndarray:
    """Length of the list of each row, int64 [rows]."""
    return np.diff(part[name].combine_chunks().offsets.to_numpy().astype(np.int64))


def _flat(part: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """All elements of a column of lists, and the row of each, from 1."""
    lengths = _lengths(part, name)
    elements = part[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return elements, np.repeat(np.arange(1, len(lengths) + 1), lengths)


def _check_probabilities(path: Path, part: pa.Table, name: str) -> None:
    chances, rows = _flat(part, name)
    _refuse_value(path, np.isnan(chances), chances, rows, name, "is missing")
    _refuse_value(path, chances <= 0, chances, rows, name, "is not above 0")
    _refuse_value(path, chances > LARGEST_PROBABILITY, chances, rows, name, "is above 1")


def _check_items(path: Path, part: pa.Table) -> None:
    item_ids, rows = _flat(part, "item_ids")
    twice = pd.DataFrame({"row": rows, "item": item_ids}).duplicated().to_numpy()
    if twice.any():
        first = int(np.argmax(twice))
        raise PipelineError(f"{path}: row {rows[first]}: item {item_ids[first]!r} is shown twice")


def _refuse(path: Path, wrong: np.ndarray, reason: str) -> None:
    if wrong.any():
        raise PipelineError(f"{path}: row {int(np.argmax(wrong)) + 1}: {reason}")


def _refuse_value(path: Path, wrong: np.ndarray, values: np.ndarray, rows: np.ndarray, name: str, reason: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        position = first - int(np.searchsorted(rows, rows[first])) + 1
        place = f"{path}: row {rows[first]}"
        raise PipelineError(f"{place}: element {position} of {name}, {values[first]:.6g}, {reason}")


def _without_duplicates(frame: pd.DataFrame) -> pd.DataFrame:
    again = frame["request_id"].duplicated(keep=False)
    for request_id, rows in frame[again].groupby("request_id", sort=False):
        first = rows.iloc[0]
        for _, other in rows.iloc[1:].iterrows():
            if _content(first) != _content(other):
                places = " and ".join(f"{row['file']}: row {row['row']}" for row in (first, other))
                raise PipelineError(f"{places}: different slates have the request id {request_id!r}")
    earliest = frame.sort_values("timestamp", kind="stable")
    return earliest[~earliest["request_id"].duplicated()].sort_index()


def _content(row: pd.Series) -> list[object]:
    # A slate may be in parts of both formats, and TFRecord has 32-bit numbers alone.
    # Whoever logs a slate again, as after an error, does so at another time.
    values = (row[column.name] for column in SHOWN if column.name != "timestamp")
    return [
        (value.astype(np.float32) if value.dtype.kind == "f" else value).tolist()
        if isinstance(value, np.ndarray)
        else None
        if isinstance(value, float | np.floating) and np.isnan(value)
        else value
        for value in values
    ]
