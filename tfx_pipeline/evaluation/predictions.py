"""Ranked lists as a table, for readers outside the project."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD
from tfx_pipeline.write_aside import write_aside


def write_predictions(
    path: Path,
    user_ids: Sequence[str],
    ranked: NDArray[np.integer[Any]],
    item_ids: Sequence[str],
    scores: NDArray[np.floating[Any]] | None = None,
) -> None:
    """Write one line a user and rank: user_id, item_id, rank (1 = best) and, where given, score.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file; it appears whole or not at all.
        user_ids: Ids of the users; [C].
        ranked: Item rows, best first, -1 behind the last one (not written); [C, K] integers.
        item_ids: Id of every item row; [item_count].
        scores: Score of every ranked item; [C, K].

    Raises:
        ValueError: The path ends otherwise, the shapes do not fit, or an item row has no id.
    """
    _check_ending(path)
    table = _prediction_table(user_ids, ranked, item_ids, scores)
    with write_aside(path) as aside:
        _write_table(table, aside)


def write_targets(path: Path, cases: EvaluationCases, item_ids: Sequence[str]) -> None:
    """Write one line a user and target: user_id, item_id.

    Args:
        path: A `.csv`, `.csv.gz` or `.parquet` file; it appears whole or not at all.
        cases: The users.
        item_ids: Id of every item row; [item_count].

    Raises:
        ValueError: The path ends otherwise.
    """
    _write_pairs(path, cases, cases.targets, item_ids)


def write_histories(path: Path, cases: EvaluationCases, item_ids: Sequence[str]) -> None:
    """Write one line a user and event of the history, oldest first: user_id, item_id; arguments as `write_targets`."""
    _write_pairs(path, cases, cases.history, item_ids)


def _write_pairs(path: Path, cases: EvaluationCases, lists: Ragged, item_ids: Sequence[str]) -> None:
    _check_ending(path)
    columns = {
        "user_id": pa.array(cases.user_ids, pa.string()).take(pa.array(lists.owners)),
        "item_id": pa.array(item_ids, pa.string()).take(pa.array(lists.values)),
    }
    with write_aside(path) as aside:
        _write_table(pa.table(columns), aside)


def _check_ending(path: Path) -> None:
    if not path.name.endswith((".csv", ".csv.gz", ".parquet")):
        raise ValueError(f"{path}: lists are written as .csv, .csv.gz or .parquet")


def _prediction_table(
    user_ids: Sequence[str],
    ranked: NDArray[np.integer[Any]],
    item_ids: Sequence[str],
    scores: NDArray[np.floating[Any]] | None,
) -> pa.Table:
    if ranked.ndim != 2 or len(ranked) != len(user_ids):
        raise ValueError(f"rankings have shape {ranked.shape}, expected one row for each of {len(user_ids)} users")
    if scores is not None and scores.shape != ranked.shape:
        raise ValueError(f"scores have shape {scores.shape}, rankings {ranked.shape}")
    if ranked.size and (ranked.min() < PAD or ranked.max() >= len(item_ids)):
        raise ValueError(f"rankings hold an item row outside the {len(item_ids)} item ids")
    users, ranks = np.nonzero(ranked != PAD)
    columns = {
        "user_id": pa.array(user_ids, pa.string()).take(pa.array(users)),
        "item_id": pa.array(item_ids, pa.string()).take(pa.array(ranked[users, ranks])),
        "rank": pa.array(ranks + 1, pa.int32()),
    }
    if scores is not None:
        columns["score"] = pa.array(scores[users, ranks])
    return pa.table(columns)


def _write_table(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
        return
    with pa.output_stream(str(path), compression="gzip" if path.suffix == ".gz" else None) as stream:
        pa.csv.write_csv(table, stream)
