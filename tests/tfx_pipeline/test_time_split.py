import math
from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.time_split import WINDOWS, TimeSplit, split_in_time
from trainer.features import EVAL, RANKER, TEST

DAY = 86_400
NEW_YEAR = 1_483_228_800  # 2017-01-01T00:00:00Z


def dates(*days: int) -> SplitConfig:
    """Boundaries at midnight of these days of January 2017."""
    ranker, evaluation, test = (datetime(2017, 1, day, tzinfo=timezone.utc) for day in days)
    return SplitConfig(ranker_start=ranker, eval_start=evaluation, test_start=test)


def events_on(*days: int) -> np.ndarray:
    """Events at midnight of these days of January 2017."""
    return np.array([NEW_YEAR + (day - 1) * DAY for day in days], np.int64)


def test_a_boundary_belongs_to_the_window_that_it_starts() -> None:
    split = TimeSplit(10, 20, 30)
    times = np.array([[-5, 9, 10], [19, 20, 29], [30, 31, 2**40]])
    assert split.window_of(times).tolist() == [[0, 0, 1], [1, 2, 2], [3, 3, 3]]
    assert WINDOWS == ("train", "ranker", "eval", "test")
    assert [split.start_of(window) for window in (RANKER, EVAL, TEST)] == [10, 20, 30]


def test_dates_are_the_boundaries() -> None:
    split = split_in_time(events_on(1, 2, 3, 4), dates(2, 3, 4), "events.csv")
    assert split == TimeSplit(NEW_YEAR + DAY, NEW_YEAR + 2 * DAY, NEW_YEAR + 3 * DAY)


def test_dates_without_a_zone_are_utc_and_others_are_converted() -> None:
    config = SplitConfig.model_validate(
        {"ranker_start": "2017-01-02", "eval_start": "2017-01-03T02:00:00+02:00", "test_start": "2017-01-04T00:00:00Z"}
    )
    assert split_in_time(events_on(1, 2, 3, 4), config, "events.csv") == TimeSplit(*events_on(2, 3, 4).tolist())


def test_dates_win_over_shares() -> None:
    config = SplitConfig(**{**dict(dates(2, 3, 4)), "shares": (0.1, 0.2, 0.3)})
    assert split_in_time(events_on(1, 2, 3, 4), config, "events.csv") == TimeSplit(*events_on(2, 3, 4).tolist())


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.7, 0.8, 0.9), (7, 8, 9)),
        ((0.1, 0.5, 0.75), (1, 5, 7)),
    ],
)
def test_shares_are_of_the_events_before_a_boundary(shares: tuple[float, float, float], expected: tuple[int]) -> None:
    times = NEW_YEAR + np.arange(10)[::-1]
    split = split_in_time(times, SplitConfig(shares=shares), "events.csv")
    before = tuple(int((times < start).sum()) for start in (split.ranker_start, split.eval_start, split.test_start))
    assert before == expected


increasing_shares = st.lists(st.floats(0, 1), min_size=3, max_size=3, unique=True).map(sorted).map(tuple)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), increasing_shares)
def test_shares_leave_no_window_empty_or_raise(seconds: list[int], shares: tuple[float, float, float]) -> None:
    times = np.array(seconds, np.int64) + NEW_YEAR
    try:
        split = split_in_time(times, SplitConfig(shares=shares), "events.csv")
    except DataError as error:
        assert str(error).startswith("events.csv: no events in the ")
        return
    starts = (split.ranker_start, split.eval_start, split.test_start)
    assert list(starts) == sorted(set(starts)) and set(starts) <= set(times.tolist())
    assert set(split.window_of(times).tolist()) == {0, 1, 2, 3}
    for start, share in zip(starts, shares, strict=True):
        # Events that are tied with the boundary lie after it.
        assert (times < start).sum() <= math.ceil(share * len(times))


SPAN = "events run from 2017-01-02T00:00:00 to 2017-01-05T00:00:00"


@pytest.mark.parametrize(
    ("days", "line"),
    [
        ((2, 3, 4), f"no events in the training window (it ends at 2017-01-02T00:00:00, {SPAN})"),
        ((1, 3, 4), f"no events in the training window (it ends at 2017-01-01T00:00:00, {SPAN})"),
        ((4, 5, 6), f"no events in the ranker window (it starts at 2017-01-04T00:00:00, {SPAN})"),
        ((3, 4, 5), f"no events in the eval window (it starts at 2017-01-04T00:00:00, {SPAN})"),
        ((3, 5, 6), f"no events in the test window (it starts at 2017-01-06T00:00:00, {SPAN})"),
    ],
)
def test_an_empty_window_is_named(days: tuple[int, int, int], line: str) -> None:
    with pytest.raises(DataError) as error:
        split_in_time(events_on(2, 3, 5), dates(*days), "shop/events.csv")
    assert str(error.value) == f"shop/events.csv: {line}"


@pytest.mark.parametrize(
    ("times", "shares", "line"),
    [
        (events_on(1, 1, 1), (0.7, 0.8, 0.9), "training window (it ends at 2017-01-01T00:00:00"),
        (events_on(1, 2, 3), (0.0, 0.5, 1.0), "training window (it ends at 2017-01-01T00:00:00"),
        (events_on(1, 2, 2, 3), (0.4, 0.5, 1.0), "ranker window (it starts at 2017-01-02T00:00:00"),
    ],
    ids=["one time", "share of nothing", "ties across two boundaries"],
)
def test_shares_that_leave_a_window_empty(times: np.ndarray, shares: tuple[float, float, float], line: str) -> None:
    with pytest.raises(DataError) as error:
        split_in_time(times, SplitConfig(shares=shares), "events.csv")
    assert str(error.value).startswith(f"events.csv: no events in the {line}, events run from ")
