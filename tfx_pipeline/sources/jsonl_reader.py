"""JSON Lines to Arrow batches: one object a line; lines that are none are reported, not fatal."""

import ast
import codecs
import io
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from tfx_pipeline.sources.arrow_values import EXACT_WHOLE
from tfx_pipeline.sources.contract import NOT_JSON
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.json_columns import JsonColumns
from tfx_pipeline.sources.line_numbers import LineNumbers, Lines
from tfx_pipeline.sources.readers import Batch, MalformedRow, Reader
from tfx_pipeline.sources.streams import blocks, first_bytes, one_line, open_stream
from tfx_pipeline.sources.values import Integers

SAMPLE_OBJECTS = 1_000
"""First objects of a file, whose keys are its columns."""

BLOCK_BYTES = 1 << 23
"""Text that is parsed at a time."""

PIECE_LINES = 1_000
"""Lines that are parsed at a time where a block has one that Arrow's reader cannot take."""

LONGEST_LINE = 1 << 26
"""Bytes of the longest line that is read."""

_SAMPLE_LINES = 10 * SAMPLE_OBJECTS
_KIND = "JSON Lines"


class JsonLinesReader(Reader):
    """A file with one JSON object a line, in UTF-8; blank lines are skipped.

    Columns are the keys of the first `SAMPLE_OBJECTS` objects; keys of objects inside are joined with points. Numbers
    keep all of their digits, lists stay lists. Python's notation of a dictionary is read as well, as the Amazon
    reviews of 2014 have it.

    Raises:
        DataError: It is not text, gzip only where its name says so, or has no object among its first lines.
    """

    def __init__(self, path: str) -> None:
        """Find the columns."""
        self.path = path
        if b"\0" in first_bytes(path, _KIND):
            raise DataError(f"{path}: binary data, not {_KIND}")
        first_lines = list(islice(filter(None, chain.from_iterable(self._lines())), _SAMPLE_LINES))
        if not first_lines:
            raise DataError(f"{path}: the file has no data rows")
        objects = [each for line in first_lines if (each := _object(line)) is not None]
        if not objects:
            raise DataError(f"{path}: not {_KIND}: none of the first {len(first_lines)} lines is a JSON object")
        self._columns = JsonColumns(objects[:SAMPLE_OBJECTS])
        self.columns = self._columns.names

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns in blocks of about `BLOCK_BYTES`."""
        schema = self._columns.schema(columns)
        row = 1
        for block in self._lines():
            lines = [line for line in block if line]
            if not lines:
                continue
            yield from self._batches(lines, row, columns, schema)
            row += len(lines)

    def lines(self, rows: Integers) -> Integers:
        """The lines of the file on which data rows stand."""
        return self._line_numbers.find(rows)

    def _batches(
        self, lines: list[bytes], first_row: int, columns: Sequence[str], schema: pa.Schema | None
    ) -> Iterator[Batch]:
        table = _fast_table(lines, schema) if schema is not None else None
        if table is not None:
            records = self._columns.flat(table, columns)
            yield Batch(np.arange(first_row, first_row + len(lines)), records)
        elif len(lines) > PIECE_LINES:
            for start in range(0, len(lines), PIECE_LINES):
                yield from self._batches(lines[start : start + PIECE_LINES], first_row + start, columns, schema)
        else:
            yield self._exact_batch(lines, first_row, columns)

    def _exact_batch(self, lines: list[bytes], first_row: int, columns: Sequence[str]) -> Batch:
        objects = {first_row + place: _object(line) for place, line in enumerate(lines)}
        malformed = [
            MalformedRow(row, lines[row - first_row].decode(errors="replace"), NOT_JSON)
            for row, each in objects.items()
            if each is None
        ]
        good = {row: each for row, each in objects.items() if each is not None}
        records = self._columns.batch(list(good.values()), columns)
        return Batch(np.fromiter(good, np.int64, len(good)), records, malformed)

    @cached_property
    def _line_numbers(self) -> LineNumbers:
        return LineNumbers(self._lines, header_rows=0)

    def _lines(self) -> Lines:
        """Blocks of lines without the white space around them."""
        rest, is_start = b"", True
        try:
            with open_stream(self.path) as stream:
                for text in blocks(stream, BLOCK_BYTES):
                    text = text.removeprefix(codecs.BOM_UTF8) if is_start else text
                    whole, line_end, rest = (rest + text).rpartition(b"\n")
                    is_start = False
                    if len(rest) > LONGEST_LINE:
                        raise DataError(f"{self.path}: not {_KIND}: a line is longer than {LONGEST_LINE:,} bytes")
                    if line_end:
                        yield [line.strip() for line in whole.split(b"\n")]
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path}: not readable as {_KIND}: {one_line(error)}") from error
        yield [rest.strip()]


def _fast_table(lines: list[bytes], schema: pa.Schema) -> pa.Table | None:
    """What Arrow's own reader makes of some lines, where that is sure to be exact; otherwise None."""
    # Arrow takes two objects on a line, or one on two lines. With these ends each line has at least one.
    if not all(line[:1] == b"{" and line[-1:] == b"}" for line in lines):
        return None
    text = b"\n".join(lines)
    try:
        text.decode()  # Arrow does not look whether strings are UTF-8.
        table = arrow_json.read_json(
            io.BytesIO(text),
            read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text)),
            parse_options=arrow_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (UnicodeDecodeError, pa.ArrowException):
        return None
    return table if len(table) == len(lines) and not any(map(_may_be_rounded, table.columns)) else None


def _may_be_rounded(values: pa.ChunkedArray) -> bool:
    """Whether floats are so large that they may have been whole numbers with more digits."""
    if pa.types.is_struct(values.type):
        return any(map(_may_be_rounded, values.flatten()))
    if pa.types.is_list(values.type):
        return _may_be_rounded(pc.list_flatten(values))
    if not pa.types.is_floating(values.type):
        return False
    return pc.any(pc.greater(pc.abs(values), EXACT_WHOLE)).as_py() is True


def _object(line: bytes) -> dict[str, Any] | None:
    """The object on a line; None if there is none."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _python_value(text)
    return value if isinstance(value, dict) else None


def _python_value(text: str) -> Any:
    if not text.startswith("{"):
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
