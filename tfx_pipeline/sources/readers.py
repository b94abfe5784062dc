"""What a reader of a table is: Arrow batches that know the row numbers of their file."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import Integers

BATCH_ROWS = 131_072
"""Rows of a batch, where the file does not say otherwise, and of a row group that ingestion writes."""


@dataclass(frozen=True)
class MalformedRow:
    """A row that does not have the header's number of fields.

    Attributes:
        row: 1-based data row.
        text: The row as it stands in the file.
    """

    row: int
    text: str


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
    """A table in a file.

    Attributes:
        path: The file.
        columns: Its columns, in file order.
    """

    path: Path
    columns: list[str]

    @abstractmethod
    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns once through the file, in bounded memory.

        Raises:
            DataError: The file is damaged further down.
        """


def check_names(path: Path, columns: Sequence[str]) -> None:
    """Refuse a table in which a column name occurs twice."""
    for name in columns:
        if columns.count(name) > 1:
            raise DataError(f"{path}: column {name!r} occurs twice")


def one_line(error: BaseException) -> str:
    """The message of an error of a library, on one line."""
    return " ".join(str(error).split())
