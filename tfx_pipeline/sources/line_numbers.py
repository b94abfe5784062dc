"""On which lines of a text file its rows begin."""

import re
from collections.abc import Callable, Iterator

import numpy as np

from tfx_pipeline.sources.values import Integers, Mask

Lines = Iterator[list[bytes]]
"""Blocks of lines without their ends; a blank line is empty."""

_QUOTE, _LINE_END = b'"\n'

# In a quoted value a quotation mark is written twice.
_REST_OF_QUOTED = re.compile(rb'[^"]*(?:""[^"]*)*"(?!")')


class LineNumbers:
    """Finds the lines of rows, reading the file once as long as rows are asked for in increasing order."""

    def __init__(self, read_lines: Callable[[], Lines], header_rows: int, delimiter: bytes | None = None) -> None:
        """Remember how to read the file.

        Args:
            read_lines: Starts to read the lines of the file.
            header_rows: How many rows come before data row 1.
            delimiter: The one byte that separates the fields, where quoted values may hold line breaks.
        """
        self._read_lines = read_lines
        self._header_rows = header_rows
        self._before_quote = np.frombuffer(b'\n"' + (delimiter or b""), np.uint8)
        self._opening = re.compile(b"(?:^|" + re.escape(delimiter) + b')"') if delimiter else None
        self._restart()

    def find(self, rows: Integers) -> Integers:
        """The 1-based lines `[N]` of 1-based data rows `[N]`, which do not decrease."""
        if len(rows) and rows[0] < self._first_row:
            self._restart()
        lines = np.empty(len(rows), np.int64)
        found = 0
        while found < len(rows):
            until = int(np.searchsorted(rows, self._first_row + len(self._starts)))
            lines[found:until] = self._starts[rows[found:until] - self._first_row]
            found = until
            if found < len(rows):
                self._advance(next(self._lines))
        return lines

    def unclosed_row(self) -> int | None:
        """The row with a quoted value that the end of the file leaves open, if there is one."""
        for lines in self._lines:
            self._advance(lines)
        return self._first_row + len(self._starts) - 1 if self._is_open else None

    def _restart(self) -> None:
        self._lines = self._read_lines()
        self._first_row = 1 - self._header_rows
        self._starts: Integers = np.empty(0, np.int64)
        self._next_line = 1
        self._is_open = False

    def _advance(self, lines: list[bytes]) -> None:
        """Take the next block: `_starts` are the lines on which its rows begin, the first is `_first_row`."""
        self._first_row += len(self._starts)
        begins = np.fromiter(map(len, lines), np.int64, len(lines)) > 0
        if self._opening is not None and (self._is_open or any(b'"' in line for line in lines)):
            quoted = self._quoted_at_once(lines)
            begins &= [not self._continues(line, self._opening) for line in lines] if quoted is None else ~quoted
        self._starts = np.flatnonzero(begins) + self._next_line
        self._next_line += len(lines)

    def _quoted_at_once(self, lines: list[bytes]) -> Mask | None:
        """Whether each line begins inside of a quoted value, `[N]`; None where only a look at each line can tell.

        If every other quotation mark stands where a quoted value may begin, they alone open and close the values.
        """
        text = np.frombuffer(b"\n" + b"\n".join(lines), np.uint8)
        quotes = np.flatnonzero(text == _QUOTE)
        before = text[quotes[int(self._is_open) :: 2] - 1]
        if not np.isin(before, self._before_quote).all():
            return None
        # The first of these line ends is the one before the first line.
        quoted = (np.searchsorted(quotes, np.flatnonzero(text == _LINE_END)) + self._is_open) % 2 == 1
        self._is_open = (len(quotes) + self._is_open) % 2 == 1
        return quoted

    def _continues(self, line: bytes, opening: re.Pattern[bytes]) -> bool:
        """Whether the next line begins inside of a quoted value; also keeps track of whether it leaves one open."""
        continues = self._is_open
        place = _end_of_quoted(line, 0) if self._is_open else 0
        if b'"' in line:
            while place is not None and (start := opening.search(line, place)):
                place = _end_of_quoted(line, start.end())
        self._is_open = place is None
        return continues


def _end_of_quoted(line: bytes, place: int) -> int | None:
    """Where the quoted value ends of which a part begins at `place`; None where it goes on after the line."""
    rest = _REST_OF_QUOTED.match(line, place)
    return rest.end() if rest else None
