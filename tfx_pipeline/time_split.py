"""The global time split: three boundaries on the shop's one time axis."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.errors import DataError
from trainer.features import EVAL, RANKER, TEST, TRAIN

WINDOWS = (TRAIN, RANKER, EVAL, TEST)


@dataclass(frozen=True)
class TimeSplit:
    """Starts of the ranker, eval and test windows, in epoch seconds; each window ends where the next one starts."""

    ranker_start: int
    eval_start: int
    test_start: int

    def window_of(self, timestamps: np.ndarray) -> np.ndarray:
        """Index into `WINDOWS` of each timestamp.

        Args:
            timestamps: Epoch seconds, integers of any shape.

        Returns:
            int64 of the same shape.
        """
        return np.searchsorted([self.ranker_start, self.eval_start, self.test_start], timestamps, side="right")

    def start_of(self, window: str) -> int:
        """Start of the ranker, eval or test window, in epoch seconds."""
        return {RANKER: self.ranker_start, EVAL: self.eval_start, TEST: self.test_start}[window]


def split_in_time(timestamps: np.ndarray, config: SplitConfig, source: str) -> TimeSplit:
    """The boundaries that a configuration means for these events.

    Args:
        timestamps: Epoch seconds of all events, int64 [N].
        config: Dates, or shares of the events.
        source: File to name when a window is empty.

    Raises:
        DataError: A window has no event.
    """
    dates = (config.ranker_start, config.eval_start, config.test_start)
    if dates[0] is not None:
        boundaries = [int(date.timestamp()) for date in dates if date is not None]
    else:
        boundaries = [int(value) for value in np.quantile(timestamps, config.shares, method="higher")]
    split = TimeSplit(*boundaries)
    counts = np.bincount(split.window_of(timestamps), minlength=len(WINDOWS))
    for window, count in zip(WINDOWS, counts, strict=True):
        if count == 0:
            name = "training" if window == TRAIN else window
            raise DataError(f"{source}: no events in the {name} window ({_describe(window, split, timestamps)})")
    return split


def _describe(window: str, split: TimeSplit, timestamps: np.ndarray) -> str:
    starts = [int(timestamps.min()), split.ranker_start, split.eval_start, split.test_start, int(timestamps.max())]
    position = WINDOWS.index(window)
    span = f"events run from {_iso(starts[0])} to {_iso(starts[-1])}"
    if window == TRAIN:
        return f"it ends at {_iso(split.ranker_start)}, {span}"
    return f"it starts at {_iso(starts[position])}, {span}"


def _iso(seconds: int) -> str:
    return str(np.datetime64(seconds, "s"))
