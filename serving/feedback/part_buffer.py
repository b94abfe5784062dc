"""Rows that wait for their part file."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from serving.feedback.part_files import FeedbackLogError, Format, write_part
from serving.feedback.schema import Row

_LARGEST_BACKLOG = 10
"""How many parts of rows wait at most while no part can be written."""


class PartBuffer:
    """Collects the rows of one table and writes them as part files. Safe to use from several threads.

    Rows are written when there are enough of them, when the first of them has waited long enough, and by `flush`. Rows
    of a part that could not be written go on waiting, and the next attempt takes them.

    Args:
        folder: The log.
        table: `shown` or `outcomes`.
        part_format: `parquet` or `tfrecord`.
        rows: Rows of a part.
        seconds: Longest wait of a row.
        retry_seconds: Pause after a part that could not be written; `add` does not try again before its end.

    Attributes:
        lost: Number of rows that were not taken.
    """

    def __init__(
        self, folder: Path, table: str, part_format: Format, rows: int, seconds: float, retry_seconds: float = 0.0
    ) -> None:
        """Start empty."""
        self.lost = 0
        self._retry_seconds, self._next_try = retry_seconds, 0.0
        self._folder, self._table, self._format = folder, table, part_format
        self._rows, self._seconds = rows, seconds
        self._waiting: list[Row] = []
        self._timer: threading.Timer | None = None
        self._overdue = False
        self._changing, self._writing = threading.Lock(), threading.Lock()

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows, and write a part if there are enough.

        Raises:
            FeedbackLogError: A part could not be written. The rows wait for the next attempt, unless so many wait
                already that these were not taken; the message then says so.
        """
        if len(self._waiting) >= _LARGEST_BACKLOG * self._rows:
            self._flush_or_refuse(len(rows))
        with self._changing:
            self._waiting.extend(rows)
            enough = self._overdue or len(self._waiting) >= self._rows
            if self._waiting and self._timer is None:
                self._timer = threading.Timer(self._seconds, self._on_time)
                self._timer.daemon = True
                self._timer.start()
        # While another thread writes, which on a slow disk takes its time, these rows wait with the others.
        if enough and time.monotonic() >= self._next_try and not self._writing.locked():
            self.flush()

    def flush(self) -> None:
        """Write all rows that wait as one part.

        Raises:
            FeedbackLogError: The part could not be written; its rows go on waiting.
        """
        with self._writing:
            with self._changing:
                rows, self._waiting = self._waiting, []
                timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
            if not rows:
                return
            try:
                write_part(self._folder, self._table, self._format, rows)
            except BaseException:
                with self._changing:
                    self._waiting = rows + self._waiting
                self._next_try = time.monotonic() + self._retry_seconds
                raise
            self._overdue = False

    def _flush_or_refuse(self, count: int) -> None:
        try:
            if time.monotonic() < self._next_try:
                raise FeedbackLogError(f"{self._folder / self._table}: {len(self._waiting)} rows wait for the disk")
            self.flush()
        except FeedbackLogError as error:
            with self._changing:
                self.lost += count
            raise FeedbackLogError(f"{error}; {count} further rows are not taken") from error

    def _on_time(self) -> None:
        try:
            self.flush()
        except FeedbackLogError:
            # Nobody waits for this thread. The rows are still there: the next call writes them, or says why not.
            self._overdue = True
