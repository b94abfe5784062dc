"""Rows of the log as Parquet."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from serving.feedback.schema import Column, Row

_TYPES = {"string": pa.string(), "int64": pa.int64(), "float": pa.float32(), "double": pa.float64()}


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow types of a table's columns."""
    fields = []
    for column in columns:
        values = _TYPES[column.kind]
        fields.append(pa.field(column.name, pa.list_(values) if column.is_list else values))
    return pa.schema(fields)


def write_parquet(path: Path, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Write rows to a file with one row group."""
    schema = arrow_schema(columns)
    arrays = {field.name: pa.array([row[field.name] for row in rows], field.type) for field in schema}
    pq.write_table(pa.table(arrays, schema=schema), path, compression="zstd", row_group_size=max(len(rows), 1))
