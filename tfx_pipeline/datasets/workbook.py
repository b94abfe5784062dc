"""The sheets of an Excel workbook as one table of text."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pyarrow as pa

from tfx_pipeline.datasets.prepared import ROWS
from tfx_pipeline.sources.errors import DataError


def text_schema(columns: Sequence[str]) -> pa.Schema:
    """The columns as strings."""
    return pa.schema([(name, pa.string()) for name in columns])


def sheets(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read all sheets of a workbook, one after the other, in pieces of bounded size.

    Args:
        path: The workbook; the first row of each sheet is its header.
        columns: The columns to read.

    Yields:
        Tables of `text_schema(columns)`: '' for an empty cell, times in ISO 8601, whole numbers without `.0`.

    Raises:
        DataError: The reader of workbooks is not installed, the file is no workbook, or a sheet lacks a column.
    """
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise DataError(f"{path}: workbooks need openpyxl, get it with: pip install 'shoprank[datasets]'") from error
    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: not an Excel workbook: {' '.join(str(error).split())}") from error
    try:
        for sheet in workbook.worksheets:
            yield from _tables(path, sheet.title, sheet.iter_rows(values_only=True), columns)
    finally:
        workbook.close()


def _tables(path: Path, sheet: str, rows: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> Iterator[pa.Table]:
    rows = iter(rows)
    header = [str(cell).strip() for cell in next(rows, ())]
    absent = [name for name in columns if name not in header]
    if absent:
        raise DataError(f"{path}: sheet {sheet!r} has no column {', '.join(absent)}")
    positions = [header.index(name) for name in columns]
    while piece := list(islice(rows, ROWS)):
        cells = ([_text(row[position]) for row in piece] for position in positions)
        yield pa.table(list(cells), schema=text_schema(columns))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
