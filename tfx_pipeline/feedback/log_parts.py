"""Part files of a feedback log as Arrow tables with the columns of the documented schema."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from serving.feedback.parquet import arrow_schema
from serving.feedback.part_files import ASIDE, FORMATS
from serving.feedback.schema import TABLES, Column, Row
from serving.feedback.tf_example import decode
from serving.feedback.tf_record import read_records
from tfx_pipeline.errors import PipelineError


def part_files(folder: Path, table: str) -> list[Path]:
    """The whole part files of a table, by name.

    Args:
        folder: The log.
        table: `shown` or `outcomes`.

    Raises:
        PipelineError: There is no such log.
    """
    if not folder.is_dir():
        raise PipelineError(f"{folder}: there is no feedback log")
    files = (path for part_format in FORMATS for path in (folder / table).glob(f"*.{part_format}"))
    return sorted(path for path in files if not path.name.startswith(ASIDE))


def read_part(path: Path, table: str) -> pa.Table:
    """Read one part file.

    Returns:
        The documented columns with their types. None of them has a null, but for `outcomes.value`.

    Raises:
        PipelineError: The file is damaged, or a column is missing or not of its type, or a row has no value for it.
    """
    columns = TABLES[table]
    try:
        part = _read_parquet(path, columns) if path.suffix == ".parquet" else _read_tf_record(path, columns)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, PipelineError):
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise PipelineError(f"{path}: the part file is damaged: {reason}") from error
    for column in columns:
        if column.name != "value":
            _check_present(path, column, part[column.name])
    return part


def _read_parquet(path: Path, columns: Sequence[Column]) -> pa.Table:
    schema = arrow_schema(columns)
    with pq.ParquetFile(path) as file:
        known = set(file.schema_arrow.names)
        for column in columns:
            if column.name not in known and column.absent is None:
                raise PipelineError(f"{path}: there is no column {column.name}")
        if not file.num_row_groups:  # Arrow 18 cannot read a file without groups.
            return schema.empty_table()
        part = file.read(columns=[column.name for column in columns if column.name in known])
    arrays = []
    for field, column in zip(schema, columns, strict=True):
        if column.name not in known:
            arrays.append(pa.chunked_array([pa.array([column.absent] * part.num_rows, field.type)]))
            continue
        try:
            arrays.append(part[field.name].cast(field.type))
        except pa.ArrowException as error:
            found = part[field.name].type
            raise PipelineError(f"{path}: column {field.name} has type {found}, {field.type} is needed") from error
    return pa.table(arrays, schema=schema).combine_chunks()


def _read_tf_record(path: Path, columns: Sequence[Column]) -> pa.Table:
    absent = {column.name: column.absent for column in columns if column.absent is not None}
    rows = [_completed(decode(columns, record), absent) for record in read_records(path)]
    schema = arrow_schema(columns)
    return pa.table([pa.array([row[field.name] for row in rows], field.type) for field in schema], schema=schema)


def _completed(row: Row, absent: Row) -> Row:
    """A row with what it has for columns that it was written without."""
    return row | {name: value for name, value in absent.items() if row[name] is None}


def _check_present(path: Path, column: Column, values: pa.ChunkedArray) -> None:
    if values.null_count:
        raise PipelineError(f"{path}: row {_first(pc.is_null(values))}: no {column.name}")
    if not column.is_list:
        return
    elements = pc.list_flatten(values)
    if elements.null_count:
        position = _first(pc.is_null(elements)) - 1
        row = pc.list_parent_indices(values)[position].as_py() + 1
        raise PipelineError(f"{path}: row {row}: an element of {column.name} is missing")


def _first(flags: pa.ChunkedArray) -> int:
    """Number of the first row that is flagged, counted from 1."""
    return int(pc.index(flags, True).as_py()) + 1
