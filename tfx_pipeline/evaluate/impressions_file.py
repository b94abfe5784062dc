"""A table of what was shown to the users of the cases, and what came of it."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.evaluate.case_table import CASE
from tfx_pipeline.evaluate.table_file import TableFile, WantedColumn
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.impressions import Impressions
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import flags

_WANTED = (
    WantedColumn("user_id", (CASE.name, "session_id")),
    WantedColumn("item_id"),
    WantedColumn("clicked", ("click",)),
    WantedColumn("converted", ("conversion", "purchased"), required=False),
)


def read_impressions(path: Path, cases: EvaluationCases, catalogue: pa.Array) -> tuple[Impressions, list[str]]:
    """Read `user_id` (or `case_id`), `item_id`, `clicked` and, where it is there, `converted`.

    Args:
        path: The file.
        cases: The users who are asked about.
        catalogue: Ids of the items by row; [V] strings.

    Returns:
        The impressions of these users and items, and notes about the others.

    Raises:
        DataError: A column is missing, a flag is unreadable, or no impression is left.
    """
    file = TableFile(path, _WANTED)
    owners = pc.index_in(file.ids("user_id"), value_set=pa.array(cases.user_ids, pa.string()))
    items = pc.index_in(file.ids("item_id"), value_set=catalogue)
    known = pc.and_(pc.is_valid(owners), pc.is_valid(items))
    kept = known.to_numpy(zero_copy_only=False)
    if not kept.any():
        raise DataError(
            f"{path}: none of the {format_count(len(file))} impressions is of a case and an item of the catalogue"
        )
    impressions = Impressions(
        owners.filter(known).to_numpy().astype(np.int64),
        items.filter(known).to_numpy().astype(np.int64),
        _flags(file, "clicked")[kept],
        _flags(file, "converted")[kept] if file.has("converted") else None,
    )
    left = format_count(len(file) - len(impressions))
    notes = [f"{path}: {left} impressions are of other users or items and were not read"] if left != "0" else []
    return impressions, notes


def _flags(file: TableFile, name: str) -> np.ndarray:
    raw = file.values(name)
    is_set, readable = flags(raw)
    # What is missing did not happen.
    missing = pc.equal(pc.fill_null(raw.cast(pa.string()), ""), "").to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(~readable)
    if len(wrong):
        index = int(wrong[0])
        raise file.error(index, f"{file.found[name]} is {raw[index].as_py()!r}, yes or no is needed")
    return is_set & ~missing
