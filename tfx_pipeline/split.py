"""How the events are cut into windows: train, ranker, eval and test, one after the other for every user."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.errors import DataError
from trainer.features import EVAL, RANKER, TEST, TRAIN

WINDOWS = (TRAIN, RANKER, EVAL, TEST)
RANKER_SHARE_OF_FILES = 0.1
"""Latest share of the training files that is the ranker's."""
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Split:
    """What decides the window of an event.

    Attributes:
        method: See `SplitConfig`.
        ranker_start: Start of the ranker window, epoch seconds; for `leave_last_out` none has a meaning.
        eval_start: Start of the eval window; only for `time`.
        test_start: Start of the test window; only for `time`.
    """

    method: Literal["time", "files", "leave_last_out"] = "time"
    ranker_start: int = NEVER
    eval_start: int = NEVER
    test_start: int = NEVER

    def windows_of(self, events: pa.Table, users: np.ndarray) -> np.ndarray:
        """Index into `WINDOWS` of each event; it never decreases within a user.

        Args:
            events: Events ordered by user, and by time within a user, with `timestamp`; for `files` ordered by
                `window` before time; for `leave_last_out` with `basket_id` where the shop has baskets.
            users: Row where each user starts, and the number of rows, int64 [users + 1].

        Returns:
            int64 [events].
        """
        timestamps = events["timestamp"].to_numpy()
        if self.method == "leave_last_out":
            return _leave_last_out(occasions(events, users), users)
        by_time = np.searchsorted([self.ranker_start, self.eval_start, self.test_start], timestamps, side="right")
        if self.method == "time":
            return by_time
        given = events["window"].to_numpy().astype(np.int64)
        return np.where(given == WINDOWS.index(TRAIN), by_time, given)

    def starts(self, windows: np.ndarray, timestamps: np.ndarray, users: np.ndarray, window: int) -> np.ndarray:
        """When a window starts for each user: until then, what happened may be known to its examples.

        Args:
            windows: Window of each event, int64 [events], ordered as `windows_of` asks.
            timestamps: Epoch seconds, int64 [events].
            users: Row where each user starts, and the number of rows, int64 [users + 1].
            window: Index into `WINDOWS`, from 1 on; 4 is after all windows.

        Returns:
            Epoch seconds int64 [users]; `NEVER` for a user without events from that window on, unless the whole
            shop shares the boundary.
        """
        if self.method == "time":
            boundary = (*self.boundaries, NEVER)[window - 1]
            return np.full(len(users) - 1, boundary, np.int64)
        rows = first_rows(users, windows, window)
        padded = np.append(timestamps, NEVER)
        return np.where(rows < users[1:], padded[rows], NEVER)

    @property
    def boundaries(self) -> tuple[int, int, int]:
        """Starts of the ranker, eval and test windows, epoch seconds."""
        return self.ranker_start, self.eval_start, self.test_start

    def as_dict(self) -> dict[str, str | int]:
        """The split as JSON can hold it; `Split(**...)` gives it back."""
        return asdict(self)


def first_rows(users: np.ndarray, windows: np.ndarray, window: int) -> np.ndarray:
    """Row where each user's events of a window or a later one start; int64 [users]."""
    earlier = np.concatenate([[0], np.cumsum(windows < window)])
    return users[:-1] + earlier[users[1:]] - earlier[users[:-1]]


def occasions(events: pa.Table, users: np.ndarray) -> np.ndarray:
    """Number of the occasion of each event: neighbours of one time or of one basket share it; int64 [events]."""
    timestamps = events["timestamp"].to_numpy()
    is_new = np.ones(len(timestamps), bool)
    is_new[1:] = timestamps[1:] != timestamps[:-1]
    if "basket_id" in events.column_names and len(events) > 1:
        baskets = events["basket_id"].combine_chunks()
        same = pc.and_(pc.equal(baskets[1:], baskets[:-1]), pc.not_equal(baskets[1:], ""))
        is_new[1:] &= ~same.to_numpy(zero_copy_only=False)
    starts = users[:-1]
    is_new[starts[starts < len(timestamps)]] = True
    return np.cumsum(is_new) - 1


def _leave_last_out(occasion: np.ndarray, users: np.ndarray) -> np.ndarray:
    """The last three occasions of a user are ranker, eval and test; the first one is always training."""
    first, last = occasion[users[:-1]], occasion[users[1:] - 1]
    lengths = np.diff(users)
    from_end = np.repeat(last, lengths) - occasion
    from_start = occasion - np.repeat(first, lengths)
    return np.where(from_start == 0, 0, np.maximum(len(WINDOWS) - 1 - from_end, 0))


def find_split(timestamps: np.ndarray, windows: np.ndarray | None, config: SplitConfig, source: str) -> Split:
    """The split that a configuration means for these events.

    Args:
        timestamps: Epoch seconds of all events, int64 [N].
        windows: Index into `WINDOWS` that the file of each event gives, int8 [N]; for the method `files`.
        config: Dates, or shares of the events.
        source: File to name when a window is empty.

    Raises:
        DataError: A window has no event, or the method `files` has no files for it.
    """
    if config.method == "leave_last_out":
        return Split("leave_last_out")
    if config.method == "files":
        return _split_by_files(timestamps, windows, source)
    dates = (config.ranker_start, config.eval_start, config.test_start)
    if dates[0] is not None:
        boundaries = [int(date.timestamp()) for date in dates if date is not None]
    else:
        boundaries = [int(value) for value in np.quantile(timestamps, config.shares, method="higher")]
    split = Split("time", *boundaries)
    counts = np.bincount(np.searchsorted(boundaries, timestamps, side="right"), minlength=len(WINDOWS))
    for window, count in zip(WINDOWS, counts, strict=True):
        if count == 0:
            name = "training" if window == TRAIN else window
            raise DataError(f"{source}: no events in the {name} window ({_describe(window, split, timestamps)})")
    return split


def _split_by_files(timestamps: np.ndarray, windows: np.ndarray | None, source: str) -> Split:
    if windows is None:
        raise DataError(f"{source}: split.method files needs eval_path and test_path in data.events")
    for window, name in ((EVAL, "eval_path"), (TEST, "test_path"), (TRAIN, "path")):
        if not (windows == WINDOWS.index(window)).any():
            raise DataError(f"{source}: no event of data.events.{name} was kept")
    training = timestamps[windows == WINDOWS.index(TRAIN)]
    start = int(np.quantile(training, 1 - RANKER_SHARE_OF_FILES, method="higher"))
    if training.min() >= start:
        raise DataError(f"{source}: all events of data.events.path have one time; the ranker needs a later window")
    return Split("files", ranker_start=start)


def _describe(window: str, split: Split, timestamps: np.ndarray) -> str:
    starts = [int(timestamps.min()), *split.boundaries, int(timestamps.max())]
    position = WINDOWS.index(window)
    span = f"events run from {_iso(starts[0])} to {_iso(starts[-1])}"
    if window == TRAIN:
        return f"it ends at {_iso(split.ranker_start)}, {span}"
    return f"it starts at {_iso(starts[position])}, {span}"


def _iso(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))
