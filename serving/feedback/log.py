"""The feedback log of one process."""

import atexit
import logging
import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.answers import Slate
from serving.feedback.part_buffer import PartBuffer
from serving.feedback.part_files import FORMATS, FeedbackLogError, Format
from serving.feedback.schema import OUTCOMES, Row, check_row
from serving.feedback.shown_rows import shown_rows

_LOG = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0
_SECONDS_BETWEEN_WARNINGS = 60.0


class FeedbackLog:
    """Writes what was shown and what came of it as part files of `FOLDER/shown` and `FOLDER/outcomes`.

    All methods may be called from several threads, and several processes and machines may write to one folder. A crash
    loses the rows that wait for their part file: at most those of the last `seconds`, and about `rows` of each table.
    Use it as a context manager, or call `close`; what then still waits is written when Python ends.

    A disk that takes nothing holds up no shop: `shown` and `outcome` keep the rows, up to ten parts of each table, and
    the disk is tried again every second. Further rows are lost, which `lost` counts, a warning a minute says, and
    `close` raises.

    Args:
        folder: The log; made with the first part file.
        format: `parquet`, or `tfrecord` with one `tf.Example` a row.
        rows: Rows of a part file.
        seconds: Longest wait of a row for its part file.
        store_context: Whether to keep user, query, history and excluded items. Without, only their digest is kept.

    Raises:
        ValueError: An argument is not as described.
    """

    def __init__(
        self,
        folder: str | Path,
        format: Format = "parquet",  # the argument of pandas and Spark has this name as well
        *,
        rows: int = 1000,
        seconds: float = 30.0,
        store_context: bool = True,
    ) -> None:
        """Start with nothing to write."""
        if format not in FORMATS:
            raise ValueError(f"format: must be one of {', '.join(FORMATS)}, is {format!r}")
        if rows < 1:
            raise ValueError(f"rows: must be at least 1, is {rows}")
        if not 0 < seconds < math.inf:
            raise ValueError(f"seconds: must be above 0, is {seconds}")
        self._folder = Path(folder)
        self._store_context = store_context
        self._shown, self._outcomes = (
            PartBuffer(self._folder, table, format, rows, seconds, _RETRY_SECONDS) for table in ("shown", "outcomes")
        )
        self._warning = threading.Lock()
        self._last_warning = -math.inf
        self._open = True
        atexit.register(self.close)

    @property
    def lost(self) -> int:
        """Number of rows, of slates and events together, that the disk did not take in time."""
        return self._shown.lost + self._outcomes.lost

    def shown(self, slates: Sequence[Slate], asked: Mapping[str, Any], now: float | None = None) -> None:
        """Log the slates that one call of `ShopRankClient.recommend` gave.

        Args:
            slates: What was shown.
            asked: The arguments of the call, by name.
            now: When it was shown, seconds since 1970 UTC; now by default.

        Raises:
            ValueError: A slate or an argument cannot be logged, and then none of the slates is, or the log is closed.
        """
        self._check_open()
        timestamp = int(time.time() if now is None else now)
        self._add(self._shown, shown_rows(slates, asked, timestamp, self._store_context))

    def outcome(
        self, request_id: str, item_id: str, event_type: str, timestamp: float, value: float | None = None
    ) -> None:
        """Log one event on an item that was shown.

        Args:
            request_id: The slate's.
            item_id: The item.
            event_type: The shop's own name of the event, such as `click`.
            timestamp: When it happened, seconds since 1970 UTC.
            value: What the event is worth, such as the margin of a purchase; None is nothing known.

        Raises:
            ValueError: An argument cannot be logged, or the log is closed.
        """
        self._check_open()
        worth = math.nan if value is None else value
        if math.isinf(worth):
            raise ValueError(f"value: a finite number is needed, got {value!r}")
        row: Row = {"request_id": request_id, "item_id": item_id, "event_type": event_type}
        row |= {"timestamp": int(timestamp), "value": worth}
        check_row(OUTCOMES, row)
        self._add(self._outcomes, [row])

    def flush(self) -> None:
        """Write what waits now.

        Raises:
            FeedbackLogError: A part file could not be written; its rows wait for the next attempt.
        """
        # Slates first: nobody then reads an outcome of this log before its slate.
        self._shown.flush()
        self._outcomes.flush()

    def close(self) -> None:
        """Write what waits. A closed log takes nothing more.

        Raises:
            FeedbackLogError: A part file could not be written, and the log stays open; or it is closed, and rows were
                lost before.
        """
        was_open = self._open
        self.flush()
        self._open = False
        atexit.unregister(self.close)
        if was_open and self.lost:
            raise FeedbackLogError(f"{self._folder}: {self.lost} rows of the feedback log were lost")

    def _add(self, buffer: PartBuffer, rows: Sequence[Row]) -> None:
        try:
            buffer.add(rows)
        # The shop answers its customer, whatever becomes of the log.
        except FeedbackLogError as error:
            self._warn(error)

    def _warn(self, error: FeedbackLogError) -> None:
        with self._warning:
            if time.monotonic() - self._last_warning < _SECONDS_BETWEEN_WARNINGS:
                return
            self._last_warning = time.monotonic()
        _LOG.warning("%s; %d rows lost so far", error, self.lost)

    def _check_open(self) -> None:
        if not self._open:
            raise ValueError("the feedback log is closed")

    def __enter__(self) -> "FeedbackLog":
        """Give the log itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
