"""The file of rejected rows, so that none is lost silently."""

import csv
import shutil
from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.long_fields import long_fields
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.readers import Reader
from tfx_pipeline.sources.rejected import SCHEMA, Rejected
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.table_config import TableConfig
from tfx_pipeline.write_aside import write_aside

HEADER = ("file", "line", "column", "reason", "value")
_SHOWN_CHARACTERS = 80
_ROWS_AT_ONCE = 100_000


def write_quarantine(path: Path, parts: Sequence[Rejected], files: Sequence[SourceFile], table: TableConfig) -> None:
    """Write rejected rows as CSV, in the order of the source; also from none, then it is the header alone.

    Args:
        path: The file; it appears whole or not at all.
        parts: The rows.
        files: The source files, by number.
        table: How they are read, to find the lines of their rows.
    """
    rows = pa.concat_tables([SCHEMA.empty_table(), *parts])
    order = np.lexsort((rows["row"].to_numpy(), rows["file"].to_numpy()))
    rows = rows.take(pa.array(order))
    # One for each file, and kept: it goes on forwards, where a new one would read from the start.
    open_reader = cache(lambda number: open_table(files[number], table))
    with write_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        # With line ends as RFC 4180 has them the writer quotes a value that holds either half of one.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(HEADER)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            writer.writerows(_lines(rows.slice(start, _ROWS_AT_ONCE), open_reader))


def show_quarantine(source: Path, destination: Path) -> None:
    """Copy a folder of quarantine files to where the run directory promises it; what stood there goes."""
    aside = destination.with_name(f".{destination.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(source, aside)
    shutil.rmtree(destination, ignore_errors=True)
    aside.rename(destination)


def first_rejected(path: Path, reasons: Collection[str]) -> str:
    """The first row of a quarantine file that is there for one of some reasons, in words; '' where there is none."""
    with path.open(encoding="utf-8", newline="") as file, long_fields():
        rows = csv.reader(file)
        next(rows)
        first = next((row for row in rows if row[HEADER.index("reason")] in reasons), None)
    if first is None:
        return ""
    _, line, column, reason, value = first
    return f"line {line}, {column or 'the whole row'}: {reason}: {value[:_SHOWN_CHARACTERS]!r}"


def _lines(rows: Rejected, open_reader: Callable[[int], Reader]) -> list[tuple[str, ...]]:
    numbers = rows["file"].to_numpy()
    lines = np.zeros(len(rows), np.int64)
    for number in np.unique(numbers):
        here = numbers == number
        lines[here] = open_reader(int(number)).lines(rows["row"].to_numpy()[here])
    shown = [rows[name].to_pylist() for name in ("column", "reason", "value")]
    return [
        # Python 3.10 cannot write the null character to CSV.
        (open_reader(number).path, str(line), column, reason, value.replace("\0", r"\0"))
        for number, line, column, reason, value in zip(numbers.tolist(), lines.tolist(), *shown, strict=True)
    ]
