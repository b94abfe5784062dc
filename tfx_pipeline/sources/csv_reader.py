"""CSV files to Arrow batches of strings; rows of the wrong length are reported, not fatal."""

import csv
import io
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from tfx_pipeline.sources.csv_text import SEPARATOR, CsvText, arrow_delimiter, is_utf8, lines_of, undecodable
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.line_numbers import LineNumbers, Lines
from tfx_pipeline.sources.readers import Batch, MalformedRow, Reader, check_names
from tfx_pipeline.sources.streams import blocks, first_bytes, one_line
from tfx_pipeline.sources.values import Integers
from tfx_pipeline.table_config import CsvConfig

BLOCK_BYTES = 1 << 23
"""Text that is parsed at a time; no row may be longer."""

_KIND = "CSV text"


class CsvReader(Reader):
    """A file of separated values, as RFC 4180 has it unless the configuration says otherwise.

    All values are strings, so that ids keep their leading zeros; an empty value is ''. Blank lines are skipped.

    Raises:
        DataError: It is not CSV text, gzip only where its name says so, not in its encoding, has no header where one
            is expected, or a column name occurs twice.
    """

    def __init__(self, path: str, written: CsvConfig | None = None) -> None:
        """Read the file's header; `written` says how the file is written."""
        self.path = path
        self._written = written or CsvConfig()
        self._delimiter = arrow_delimiter(self._written)
        self._header_rows = 0 if self._written.header else 1
        self._check_kind()
        first = self._first_record()
        self.columns = self._written.header or first
        if not self.columns:
            raise DataError(f"{path}: the file has no header")
        if first and len(first) != len(self.columns):
            raise DataError(f"{path}: csv.header names {len(self.columns)} columns, but the first row has {len(first)}")
        check_names(path, self.columns)

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns in blocks of `BLOCK_BYTES`."""
        malformed: list[MalformedRow] = []
        with CsvText(self.path, self._written) as text:
            try:
                records = self._records(text, columns, malformed)
                yield from _numbered(records, malformed, _no_records(columns))
            except UnicodeDecodeError as error:
                raise undecodable(self.path, self._written.encoding) from error
            except (pa.ArrowException, OSError) as error:
                if "Empty CSV file" in str(error):  # Arrow's words for a header with nothing after it.
                    return
                raise self._explained(error) from error
            if text.quotes % 2 == 1:
                self._refuse_open_quote()

    def lines(self, rows: Integers) -> Integers:
        """The lines of the file on which data rows begin."""
        return self._line_numbers.find(rows)

    def _records(
        self, text: CsvText, columns: Sequence[str], malformed: list[MalformedRow]
    ) -> Iterator[pa.RecordBatch]:
        def set_aside(row: arrow_csv.InvalidRow) -> str:
            # Arrow counts the header as a row.
            number, shown = row.number - self._header_rows, row.text.replace(SEPARATOR, self._written.delimiter)
            malformed.append(MalformedRow(number, shown))
            return "skip"

        for records in arrow_csv.open_csv(
            pa.PythonFile(text, mode="r"),
            # Only a single thread knows the numbers of the rows.
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, column_names=self._written.header
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self._delimiter,
                quote_char='"' if self._written.quoting else False,
                newlines_in_values=self._written.quoting,
                invalid_row_handler=set_aside,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in columns},
                include_columns=list(columns),
                strings_can_be_null=False,
                check_utf8=False,  # `CsvText` has done so.
            ),
        ):
            yield self._restored(records) if text.quotes else records

    def _restored(self, records: pa.RecordBatch) -> pa.RecordBatch:
        """Give the delimiters inside of quoted values their own form back."""
        if self._delimiter == self._written.delimiter:
            return records
        restored = [pc.replace_substring(column, SEPARATOR, self._written.delimiter) for column in records.columns]
        return pa.RecordBatch.from_arrays(restored, schema=records.schema)

    def _check_kind(self) -> None:
        start = first_bytes(self.path, _KIND)
        try:
            if not is_utf8(self._written.encoding):
                start = start.decode(self._written.encoding, "ignore").encode()
        except LookupError as error:
            raise DataError(f"{self.path}: there is no encoding {self._written.encoding!r}") from error
        if b"\0" in start:
            raise DataError(f"{self.path}: binary data, not {_KIND}")

    def _first_record(self) -> list[str]:
        try:
            with CsvText(self.path, self._written) as text:
                lines = io.TextIOWrapper(io.BufferedReader(text), encoding="utf-8-sig", newline="")
                records = csv.reader(
                    lines,
                    delimiter=self._delimiter,
                    quoting=csv.QUOTE_MINIMAL if self._written.quoting else csv.QUOTE_NONE,
                )
                return [name.replace(SEPARATOR, self._written.delimiter) for name in next(filter(None, records), [])]
        except UnicodeDecodeError as error:
            raise undecodable(self.path, self._written.encoding) from error
        except (pa.ArrowException, OSError, csv.Error) as error:
            raise DataError(f"{self.path}: not readable as CSV: {one_line(error)}") from error

    @cached_property
    def _line_numbers(self) -> LineNumbers:
        return LineNumbers(self._lines, self._header_rows, self._delimiter.encode() if self._written.quoting else None)

    def _lines(self) -> Lines:
        with CsvText(self.path, self._written) as text:
            yield from lines_of(blocks(text, BLOCK_BYTES))

    def _explained(self, error: Exception) -> DataError:
        if "straddling object" in str(error):
            self._refuse_open_quote()
            return DataError(f"{self.path}: a row is longer than {BLOCK_BYTES:,} bytes")
        return DataError(f"{self.path}: not readable as CSV: {one_line(error)}")

    def _refuse_open_quote(self) -> None:
        """Raise if the last value of the file is never closed: it has swallowed all rows after its quote."""
        row = LineNumbers(self._lines, self._header_rows, self._delimiter.encode()).unclosed_row()
        if self._written.quoting and row is not None:
            raise DataError(f"{self.path}: a quote that opens in row {row} is never closed")


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
