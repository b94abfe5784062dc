"""CSV files, plain or gzip, to Arrow batches of strings; rows of the wrong length are reported, not fatal."""

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.readers import Batch, MalformedRow, Reader, check_names, one_line

BLOCK_BYTES = 1 << 23
"""Text that is parsed at a time; no row may be longer."""

_GZIP_MAGIC = b"\x1f\x8b"
_END_OF_FILE = "end of file"


class CsvReader(Reader):
    """A comma-separated file in UTF-8 with a header, as RFC 4180 has it; quoted values may hold line breaks.

    All values are strings, so that ids keep their leading zeros; an empty value is ''. Blank lines are skipped.

    Raises:
        DataError: It is not CSV text, gzip only where its name says so, has no header, or a column name occurs twice.
    """

    def __init__(self, path: Path) -> None:
        """Read the file's header."""
        self.path = path
        self._is_gzip = path.name.lower().endswith(".gz")
        self._check_kind()
        try:
            with self._open_bytes() as stream:
                lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
                self.columns: list[str] = next((record for record in csv.reader(lines) if record), [])
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 text") from error
        except (OSError, EOFError, zlib.error, csv.Error) as error:
            raise DataError(f"{path}: not readable as CSV: {one_line(error)}") from error
        if not self.columns:
            raise DataError(f"{path}: the file has no header")
        check_names(path, self.columns)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns in blocks of `BLOCK_BYTES`."""
        malformed: list[MalformedRow] = []
        stream = _QuoteCounter(pa.input_stream(str(self.path), compression="gzip" if self._is_gzip else None))
        try:
            yield from _numbered(self._records(stream, columns, malformed), malformed, _no_records(columns))
        except (pa.ArrowException, OSError) as error:
            if "Empty CSV file" in str(error):  # Arrow's words for a header with nothing after it.
                return
            if "invalid UTF8" in str(error):
                raise DataError(f"{self.path}: not UTF-8 text") from error
            raise DataError(f"{self.path}: not readable as CSV: {one_line(error)}") from error
        if stream.quotes % 2 == 1:
            self._refuse_open_quote()

    def _records(
        self, stream: "_QuoteCounter", columns: Sequence[str], malformed: list[MalformedRow]
    ) -> Iterator[pa.RecordBatch]:
        def set_aside(row: arrow_csv.InvalidRow) -> str:
            # Arrow counts the header as row 1.
            malformed.append(MalformedRow(row.number - 1, row.text))
            return "skip"

        yield from arrow_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # Only a single thread knows the numbers of the rows.
            read_options=arrow_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in columns},
                include_columns=list(columns),
                strings_can_be_null=False,
            ),
        )

    def _check_kind(self) -> None:
        with self.path.open("rb") as file:
            is_gzip = file.read(2) == _GZIP_MAGIC
        if self._is_gzip != is_gzip:
            raise DataError(f"{self.path}: " + ("not a gzip file" if self._is_gzip else "a gzip file, not CSV text"))
        try:
            with self._open_bytes() as stream:
                start = stream.read(4096)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{self.path}: a damaged gzip file: {one_line(error)}") from error
        if not start:
            raise DataError(f"{self.path}: the file is empty")
        if b"\0" in start:
            raise DataError(f"{self.path}: binary data, not CSV text")

    def _open_bytes(self) -> IO[bytes]:
        return gzip.open(self.path, "rb") if self._is_gzip else self.path.open("rb")  # type: ignore[return-value]

    def _refuse_open_quote(self) -> None:
        """Raise if the last value of the file is never closed: it has swallowed all rows after its quote."""
        record: list[str] = []
        records = 0
        with self._open_bytes() as stream:
            lines = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            try:
                for record in csv.reader(itertools.chain(lines, ["\n", _END_OF_FILE])):
                    records += bool(record)
            except csv.Error:  # The value is longer than Python's CSV reader allows.
                record = []
                records += 1
        if record != [_END_OF_FILE]:
            raise DataError(f"{self.path}: a quote that opens in row {records - 1} is never closed")


class _QuoteCounter:
    """A byte stream that counts the quotation marks which pass through it."""

    closed = False

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream
        self.quotes = 0

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self.quotes += data.count(b'"')
        return data

    def close(self) -> None:
        self._stream.close()
        self.closed = True


def _no_records(columns: Sequence[str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in columns], names=list(columns))


def _numbered(
    records: Iterator[pa.RecordBatch], malformed: list[MalformedRow], empty: pa.RecordBatch
) -> Iterator[Batch]:
    """Give the records the row numbers that `malformed`, which grows as they are parsed, leaves over."""
    next_row = 1
    for batch in records:
        # A copy, because Arrow reads ahead and may add rows meanwhile.
        taken = list(malformed)
        candidates = np.arange(next_row, next_row + len(batch) + len(taken))
        rows = np.setdiff1d(candidates, [row.row for row in taken], assume_unique=True)[: len(batch)]
        next_row = int(rows[-1]) + 1 if len(rows) else next_row
        passed = [row for row in taken if row.row < next_row]
        del malformed[: len(passed)]
        yield Batch(rows, batch, passed)
    if malformed:
        yield Batch(np.empty(0, np.int64), empty, list(malformed))
