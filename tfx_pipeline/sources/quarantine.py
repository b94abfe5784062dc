"""The file of bad rows, so that none is lost silently."""

import csv
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

HEADER = ("file", "row", "column", "reason", "value")
_SHOWN_CHARACTERS = 80


class Quarantine:
    """Writes bad rows to a CSV file; use it in a `with` block.

    Attributes:
        first: The first bad row in words, '' while there is none.
    """

    def __init__(self, path: Path, source: Path) -> None:
        """Create the file at `path`, with its header, for bad rows of the table `source`."""
        self.first = ""
        self._source = str(source)
        self._waiting: list[tuple[int, str, str, str]] = []
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(HEADER)

    def add(self, rows: Iterable[int], column: str, reason: str, values: Iterable[Any]) -> None:
        """Take rows of the batch at hand.

        Args:
            rows: 1-based data rows in the source.
            column: The shop's column that is to blame; '' where it is the whole row.
            reason: A reason of the contract.
            values: What stood there; None is written as ''.
        """
        for row, value in zip(rows, values, strict=True):
            # Python 3.10 cannot write the null character to CSV.
            shown = "" if value is None else str(value).replace("\0", r"\0")
            self._waiting.append((int(row), column, reason, shown))

    def flush(self) -> None:
        """Write the rows of the batch at hand, in the order of the source."""
        self._waiting.sort()
        self._writer.writerows((self._source, *bad_row) for bad_row in self._waiting)
        if self._waiting and not self.first:
            row, column, reason, value = self._waiting[0]
            self.first = f"row {row}, {column or 'the whole row'}: {reason}: {value[:_SHOWN_CHARACTERS]!r}"
        self._waiting.clear()

    def __enter__(self) -> "Quarantine":
        """Give back the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()
