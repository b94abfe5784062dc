import json
import math
from datetime import datetime, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import SplitConfig
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split import NEVER, WINDOWS, Split, find_split, occasions

DAY = 86_400
NEW_YEAR = 1_483_228_800  # 2017-01-01T00:00:00Z


def dates(*days: int) -> SplitConfig:
    """Boundaries at midnight of these days of January 2017."""
    ranker, evaluation, test = (datetime(2017, 1, day, tzinfo=timezone.utc) for day in days)
    return SplitConfig(ranker_start=ranker, eval_start=evaluation, test_start=test)


def events_on(*days: int) -> np.ndarray:
    """Events at midnight of these days of January 2017."""
    return np.array([NEW_YEAR + (day - 1) * DAY for day in days], np.int64)


def split_in_time(times: np.ndarray, config: SplitConfig, source: str) -> Split:
    return find_split(times, None, config, source)


def one_user(*times: int, **columns: list[object]) -> tuple[pa.Table, np.ndarray]:
    """Events of one user, and where users start."""
    return pa.table({"timestamp": pa.array(times, pa.int64()), **columns}), np.array([0, len(times)])


def test_a_boundary_belongs_to_the_window_that_it_starts() -> None:
    split = Split("time", 10, 20, 30)
    windows = split.windows_of(*one_user(-5, 9, 10, 19, 20, 29, 30, 31, 2**40))
    assert windows.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert WINDOWS == ("train", "ranker", "eval", "test")
    assert split.boundaries == (10, 20, 30)


def test_in_time_a_window_starts_for_all_users_at_once() -> None:
    split, times, users = Split("time", 10, 20, 30), np.array([5, 25, 40]), np.array([0, 1, 3])
    starts = [split.starts(np.array([0, 2, 3]), times, users, window).tolist() for window in (1, 2, 3, 4)]
    assert starts == [[10, 10], [20, 20], [30, 30], [NEVER, NEVER]]


def test_without_a_common_clock_a_window_starts_with_the_first_event_of_the_user_in_it() -> None:
    split, times, users = Split("leave_last_out"), np.array([5, 25, 40]), np.array([0, 1, 3])
    starts = [split.starts(np.array([0, 0, 3]), times, users, window).tolist() for window in (1, 2, 3, 4)]
    assert starts == [[NEVER, 40], [NEVER, 40], [NEVER, 40], [NEVER, NEVER]]


def test_the_last_three_occasions_are_left_out() -> None:
    events, users = one_user(1, 2, 2, 3, 4, 5, 6, basket_id=["", "a", "a", "", "b", "b", ""])
    assert occasions(events, users).tolist() == [0, 1, 1, 2, 3, 3, 4]
    assert Split("leave_last_out").windows_of(events, users).tolist() == [0, 0, 0, 1, 2, 2, 3]


def test_a_user_with_few_occasions_keeps_one_to_learn_from() -> None:
    times = pa.table({"timestamp": [7, 1, 2, 1, 2, 3]})
    windows = Split("leave_last_out").windows_of(times, np.array([0, 1, 3, 6]))
    assert windows.tolist() == [0, 0, 3, 0, 2, 3]


def test_users_do_not_share_an_occasion() -> None:
    events = pa.table({"timestamp": [4, 4, 4], "basket_id": ["a", "a", "a"]})
    assert occasions(events, np.array([0, 1, 3])).tolist() == [0, 1, 1]


def test_files_give_eval_and_test_and_the_latest_tenth_of_training_is_the_rankers() -> None:
    times, windows = np.array([*range(100, 110), 3, 500]), np.array([0] * 10 + [2, 3], np.int8)
    split = find_split(times, windows, SplitConfig(method="files"), "events")
    assert split == Split("files", ranker_start=109)
    events, users = one_user(100, 109, 3, 500, window=pa.array([0, 0, 2, 3], pa.int8()))
    assert split.windows_of(events, users).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("windows", "line"),
    [
        (None, "events: split.method files needs eval_path and test_path in data.events"),
        ([0, 0, 3], "events: no event of data.events.eval_path was kept"),
        ([0, 2, 2], "events: no event of data.events.test_path was kept"),
        ([2, 2, 3], "events: no event of data.events.path was kept"),
        ([0, 2, 3], "events: all events of data.events.path have one time; the ranker needs a later window"),
    ],
)
def test_files_without_events(windows: list[int] | None, line: str) -> None:
    given = None if windows is None else np.array(windows, np.int8)
    with pytest.raises(DataError) as error:
        find_split(np.array([1, 2, 3]), given, SplitConfig(method="files"), "events")
    assert str(error.value) == line


def test_a_split_survives_json() -> None:
    for split in (Split("time", 1, 2, 3), Split("files", ranker_start=5), Split("leave_last_out")):
        assert Split(**json.loads(json.dumps(split.as_dict()))) == split


def test_dates_are_the_boundaries() -> None:
    split = split_in_time(events_on(1, 2, 3, 4), dates(2, 3, 4), "events.csv")
    assert split == Split("time", NEW_YEAR + DAY, NEW_YEAR + 2 * DAY, NEW_YEAR + 3 * DAY)


def test_dates_without_a_zone_are_utc_and_others_are_converted() -> None:
    config = SplitConfig.model_validate(
        {"ranker_start": "2017-01-02", "eval_start": "2017-01-03T02:00:00+02:00", "test_start": "2017-01-04T00:00:00Z"}
    )
    assert split_in_time(events_on(1, 2, 3, 4), config, "events.csv") == Split("time", *events_on(2, 3, 4).tolist())


def test_dates_win_over_shares() -> None:
    config = SplitConfig(**{**dict(dates(2, 3, 4)), "shares": (0.1, 0.2, 0.3)})
    assert split_in_time(events_on(1, 2, 3, 4), config, "events.csv") == Split("time", *events_on(2, 3, 4).tolist())


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
    assert set(split.windows_of(*one_user(*times.tolist())).tolist()) == {0, 1, 2, 3}
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
