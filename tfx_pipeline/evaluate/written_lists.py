"""Ranked lists, targets and histories as tables, so that other tools can check the figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from tfx_pipeline.evaluate.request import OutputFiles
from tfx_pipeline.evaluate.results import EvaluationResult
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.predictions import write_predictions
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.table import Items
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.write_aside import write_aside

TABLE_ENDINGS = (".csv", ".csv.gz", ".parquet")


def check_endings(files: OutputFiles) -> None:
    """Refuse a file whose name does not say how it is written, before anything long starts.

    Raises:
        DataError: There is one.
    """
    for path in (files.predictions, files.new_predictions, files.targets, files.history):
        if path is not None and not path.name.endswith(TABLE_ENDINGS):
            raise DataError(f"{path}: tables are written as {', '.join(TABLE_ENDINGS[:-1])} or {TABLE_ENDINGS[-1]}")


def write_lists(result: EvaluationResult, files: OutputFiles) -> list[Path]:
    """Write what is asked for; each file appears whole or not at all.

    Returns:
        The files that were written.
    """
    cases, _ = result.evaluation.ranked[result.first, "all"]
    if files.predictions is not None:
        _write_ranked(files.predictions, result, "all")
    if files.new_predictions is not None:
        _write_ranked(files.new_predictions, result, "new")
    if files.targets is not None:
        _write_items(files.targets, cases, cases.targets, result.data.item_ids)
    if files.history is not None:
        _write_items(files.history, cases, cases.history, result.data.item_ids)
    given = (files.predictions, files.new_predictions, files.targets, files.history)
    return [path for path in given if path is not None]


def _write_ranked(path: Path, result: EvaluationResult, items: Items) -> None:
    if (result.first, items) not in result.evaluation.ranked:
        raise DataError(f"{path}: the {result.data.protocol} protocol has no lists of {items} items")
    cases, ranked = result.evaluation.ranked[result.first, items]
    write_predictions(path, cases.user_ids, ranked.items, list(result.data.item_ids), ranked.scores)


def _write_items(path: Path, cases: EvaluationCases, lists: Ragged, item_ids: NDArray[np.object_]) -> None:
    """One line an item of a list: user_id and item_id, in the order of the lists."""
    users: Any = np.array(cases.user_ids, dtype=object)[lists.owners]
    columns = {"user_id": pa.array(users, pa.string()), "item_id": pa.array(item_ids[lists.values], pa.string())}
    table = pa.table(columns)
    with write_aside(path) as aside:
        if path.suffix == ".parquet":
            pa.parquet.write_table(table, aside)
            return
        with pa.output_stream(str(aside), compression="gzip" if path.suffix == ".gz" else None) as stream:
            pa.csv.write_csv(table, stream)
