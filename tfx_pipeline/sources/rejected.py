"""Rows that are not kept, as Arrow tables: many of them, from many places, end in one file."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.values import Integers

Rejected: TypeAlias = "pa.Table"
"""Columns: number of the source file, 1-based data row, the shop's column ('' for the whole row), reason, value."""

SCHEMA = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("value", pa.string()),
    ]
)


def reject(
    files: int | Integers, rows: Sequence[int] | Integers, column: str, reason: str, values: Sequence[str]
) -> Rejected:
    """Rows that are rejected for one reason.

    Args:
        files: Number of the file, for all or for each of the rows.
        rows: 1-based data rows.
        column: The shop's column that is to blame.
        reason: A reason of the contract.
        values: What stood there.
    """
    count = len(rows)
    return pa.table(
        [
            np.broadcast_to(np.asarray(files, np.int32), count),
            np.asarray(rows, np.int64),
            pa.array([column] * count, pa.string()),
            pa.array([reason] * count, pa.string()),
            pa.array(values, pa.string()),
        ],
        schema=SCHEMA,
    )
