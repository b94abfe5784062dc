"""What a reader of a table is: Arrow batches that know the row numbers of their file."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from tfx_pipeline.sources.contract import WRONG_FIELD_COUNT
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.streams import file_info, is_gzip
from tfx_pipeline.sources.values import Integers

BATCH_ROWS = 131_072
"""Rows of a batch, where the file does not say otherwise, and of a row group that ingestion writes."""

ASSUMED_ROW_BYTES = 64
"""Bytes of a row of text, for a first guess at the number of rows."""

_ASSUMED_COMPRESSION = 5
"""How many times longer a compressed text is when unpacked, for the same guess."""


@dataclass(frozen=True)
class MalformedRow:
    """A row that could not become a record.

    Attributes:
        row: 1-based data row.
        text: The row as it stands in the file.
        reason: Why, one of the reasons of the contract.
    """

    row: int
    text: str
    reason: str = WRONG_FIELD_COUNT


@dataclass(frozen=True)
class Batch:
    """Some rows of a file, in file order.

    Attributes:
        rows: `[N]` int64, the 1-based data row of each record; headers and blank lines do not count.
        records: `[N]` records.
        malformed: Rows that could not become records; they lie among or after `rows`.
    """

    rows: Integers
    records: pa.RecordBatch
    malformed: list[MalformedRow] = field(default_factory=list)

    @property
    def rows_read(self) -> int:
        """Data rows of the file that this batch accounts for."""
        return len(self.rows) + len(self.malformed)


class Reader(ABC):
    """A table in a file, or whatever else stands under one name.

    A reader is opened where it is used, and closed with the last of its batches: what travels between processes is
    the path and the number of a part.

    Attributes:
        path: The file, or its address.
        columns: Its columns, in file order.
    """

    path: str
    columns: list[str]

    @property
    def parts(self) -> int:
        """Into how many parts the file falls that can be read on their own; 1 where only its start is known."""
        return 1

    @property
    def size(self) -> int:
        """About how many rows the file has; what decides how far the work is spread, never what comes out."""
        size: int = file_info(self.path).size * (_ASSUMED_COMPRESSION if is_gzip(self.path) else 1)
        return size // ASSUMED_ROW_BYTES + 1

    @abstractmethod
    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns once through the file, or through one part of it, in bounded memory.

        Args:
            columns: Some of `columns`.
            part: Number of the part; all of them by default.

        Raises:
            DataError: The file is damaged further down.
        """

    def lines(self, rows: Integers) -> Integers:
        """Where a person finds data rows in the file: the line of each, or the row itself where there are no lines.

        Args:
            rows: `[N]` int64, 1-based data rows, increasing.

        Returns:
            `[N]` int64, 1-based.
        """
        return rows


def check_names(path: str, columns: Sequence[str]) -> None:
    """Refuse a table in which a column name occurs twice."""
    for name in columns:
        if columns.count(name) > 1:
            raise DataError(f"{path}: column {name!r} occurs twice")


def select(records: pa.RecordBatch, columns: Sequence[str]) -> pa.RecordBatch:
    """The named columns of a batch, in that order."""
    arrays = [records.column(records.schema.get_field_index(name)) for name in columns]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))
