"""Times in every accepted notation, against the standard library."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.timestamps import EPOCH_LIMIT, FIRST_MICROSECOND, FIRST_MILLISECOND, TimeUnit, utc_seconds

NEW_YEAR = 1483228800
READABLE = [
    ("2017-01-01", NEW_YEAR),
    ("2017-01-01T00:00", NEW_YEAR),
    ("2017-01-01 00:00:01", NEW_YEAR + 1),
    ("2017-01-01T00:00:01.999", NEW_YEAR + 1),
    ("2017-01-01T00:00:01,5", NEW_YEAR + 1),
    ("2017-01-01T00:00:00Z", NEW_YEAR),
    ("2017-01-01 00:00:00 Z", NEW_YEAR),
    ("2017-01-01T02:00:00+02:00", NEW_YEAR),
    ("2017-01-01T02:00:00+0200", NEW_YEAR),
    ("2017-01-01T02:00:00 +02", NEW_YEAR),
    ("2016-12-31 19:30:00-04:30", NEW_YEAR),
    ("  2017-01-01  ", NEW_YEAR),
    ("1483228800", NEW_YEAR),
    ("1483228800.9", NEW_YEAR),
    ("1483228800999", NEW_YEAR),
    ("-1", -1),
    ("1969-12-31T23:59:59.5Z", -1),
    ("2016-02-29", 1456704000),
    ("2017-01-01T01", NEW_YEAR + 3600),
    ("2017-01-01 01+01", NEW_YEAR),
    ("2017-01-01 00:00:00 UTC", NEW_YEAR),
    ("2017-01-01 00:00:00 GMT", NEW_YEAR),
    ("2017-01-01 00:00:00.123456789 UTC", NEW_YEAR),
    ("1483228800123456", NEW_YEAR),
]
UNREADABLE = [
    "", " ", "soon", "2017-02-29", "2017-13-01", "2017-01-32", "2017-00-01", "2017-04-31", "01/02/2017", "2017-1-1",
    "2017-01-01T24:00:00", "2017-01-01T00:60:00", "2017-01-01T00:00:00+25:00", "2017-01-01T00:00:00 CET", "17-01-01",
    "2017-01-01 UTC", "nan", "inf", "1483228800123456789", "0x10", "2017-01-01T00:00:00 UTC+1", "2017-01-01T00:00.5",
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), READABLE)
def test_reads_strings(written: str, expected: int) -> None:
    seconds, readable = utc_seconds(pa.array([written]))
    assert readable.tolist() == [True]
    assert seconds.tolist() == [expected]


@pytest.mark.parametrize("written", UNREADABLE)
def test_refuses_strings(written: str) -> None:
    seconds, readable = utc_seconds(pa.array([written, None, "2017-01-01"]))
    assert readable.tolist() == [False, False, True]
    assert seconds.tolist() == [0, 0, NEW_YEAR]


@settings(deadline=None)
@given(
    st.datetimes(timezones=st.timezones() | st.none(), min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 28))
)
def test_iso_strings_agree_with_datetime(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is not None and offset.seconds % 60:
        # ISO 8601 has no seconds in an offset; historic local mean times do.
        moment = moment.replace(tzinfo=timezone.utc)
    as_utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment
    expected = (as_utc - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
    for written in (moment.isoformat("T"), moment.isoformat(" "), f"\t{moment.isoformat()}"):
        seconds, readable = utc_seconds(pa.array([written]))
        assert (seconds.tolist(), readable.tolist()) == ([expected], [True])


@settings(deadline=None)
@given(st.integers(1, 9999), st.integers(0, 99), st.integers(0, 99))
def test_only_dates_of_the_calendar_are_readable(year: int, month: int, day: int) -> None:
    try:
        expected = (date(year, month, day) - date(1970, 1, 1)).days * 86400
        is_date = True
    except ValueError:
        expected, is_date = 0, False
    seconds, readable = utc_seconds(pa.array([f"{year:04}-{month:02}-{day:02}"]))
    assert (seconds.tolist(), readable.tolist()) == ([expected], [is_date])


@settings(deadline=None)
@given(st.integers(-(2**53), 2**53))
def test_epoch_numbers_of_unknown_unit_go_by_their_size(number: int) -> None:
    if abs(number) < FIRST_MILLISECOND:
        expected = number
    else:
        expected = number // (1_000 if abs(number) < FIRST_MICROSECOND else 1_000_000)
    for column in (pa.array([number]), pa.array([float(number)]), pa.array([str(number)]), pa.array([f" {number}"])):
        seconds, readable = utc_seconds(column)
        assert (seconds.tolist(), readable.tolist()) == ([expected], [True])


@settings(deadline=None)
@given(st.integers(-int(EPOCH_LIMIT) + 1, int(EPOCH_LIMIT) - 1), st.sampled_from(["s", "ms"]))
def test_a_given_unit_wins_over_the_size(second: int, unit: TimeUnit) -> None:
    number = second * {"s": 1, "ms": 1_000}[unit]
    for column in (pa.array([number]), pa.array([str(number)])):
        seconds, readable = utc_seconds(column, unit)
        assert (seconds.tolist(), readable.tolist()) == ([second], [True])


@pytest.mark.parametrize(("unit", "limit"), [("s", 1e11), ("ms", 1e14), ("us", 1e17), ("auto", 1e17)])
def test_epoch_numbers_end_in_the_year_5138(unit: TimeUnit, limit: float) -> None:
    assert utc_seconds(pa.array([limit, -limit, limit * 0.999]), unit)[1].tolist() == [False, False, True]


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


@settings(deadline=None)
@given(st.datetimes(datetime(1950, 1, 1), datetime(2035, 12, 31)), st.sampled_from(ZONES))
def test_local_times_are_those_of_their_zone(moment: datetime, zone: str) -> None:
    moment = moment.replace(microsecond=0)
    aware = moment.replace(tzinfo=ZoneInfo(zone))
    exists = aware.astimezone(timezone.utc).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    columns = [
        pa.array([moment], pa.timestamp("us")),
        pa.array([moment.isoformat()]),
        pa.array([f" {moment.isoformat()},5"]),
    ]
    found = {utc_seconds(column, zone=zone)[0][0] for column in columns}
    found.add(utc_seconds(pa.array([f"{moment:%d.%m.%Y %H:%M:%S}"]), "auto", zone, "%d.%m.%Y %H:%M:%S")[0][0])
    assert len(found) == 1
    if exists:
        assert int(aware.timestamp()) in found


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2017-10-29 02:30:00", "2017-10-29 00:30:00Z"),
        ("2017-03-26 02:30:00", "2017-03-26 01:00:00Z"),
    ],
)
def test_local_times_that_occur_twice_or_never(local: str, instant: str) -> None:
    expected = utc_seconds(pa.array([instant]))[0][0]
    assert utc_seconds(pa.array([local, f" {local} "]), zone="Europe/Berlin")[0].tolist() == [expected] * 2


def test_a_zone_of_its_own_wins_over_the_configured_one() -> None:
    aware = pa.array([NEW_YEAR], pa.timestamp("s", "UTC"))
    written = pa.array(["2017-01-01T00:00:00Z", "2017-01-01T02:00:00+02:00", "1483228800", "2017-01-01 00:00:00 UTC"])
    for column in (aware, written, written.slice(1, 1), written.slice(2, 1), written.slice(3)):
        assert set(utc_seconds(column, zone="Asia/Kolkata")[0].tolist()) == {NEW_YEAR}


FORMATS = [
    ("%d/%m/%Y %H:%M", "1/1/2017 0:00", True),
    ("%d/%m/%Y %H:%M", " 01/01/2017 00:00 ", True),
    ("%d/%m/%Y %H:%M", "01/01/2017 00:00:00", False),
    ("%d/%m/%Y %H:%M", "2017-01-01T00:00", False),
    ("%d/%m/%Y %H:%M", "29/02/2017 00:00", False),
    ("%d/%m/%Y %H:%M", "", False),
    ("%Y-%m-%d", "2017-01-01", True),
    ("%Y-%m-%d", "2017-01-01 10:00", False),
    ("%Y-%m-%d", "2017-01", False),
    ("%b %d, %Y", "Jan 01, 2017", True),
    ("%Y-%m-%d %H:%M:%S.%f", "2017-01-01 00:00:00.75", True),
    ("%d.%m.%Y %H:%M %z", "01.01.2017 02:00 +0200", True),
]


@pytest.mark.parametrize(("time_format", "written", "is_readable"), FORMATS)
def test_a_format_of_strptime(time_format: str, written: str, is_readable: bool) -> None:
    seconds, readable = utc_seconds(pa.array([None, written, written]), time_format=time_format)
    assert readable.tolist() == [False, is_readable, is_readable]
    assert seconds.tolist() == [0, NEW_YEAR * is_readable, NEW_YEAR * is_readable]


def test_a_format_reads_numbers_as_they_are_written() -> None:
    for column in (pa.array([20170101]), pa.array([20170101.0]), pa.array(["20170101"]).dictionary_encode()):
        assert utc_seconds(column, time_format="%Y%m%d")[0].tolist() == [NEW_YEAR]
    assert utc_seconds(pa.array([], pa.string()), time_format="%Y%m%d")[0].tolist() == []


def test_a_format_leaves_arrow_times_alone() -> None:
    assert utc_seconds(pa.array([NEW_YEAR], pa.timestamp("s")), time_format="%Y%m%d")[0].tolist() == [NEW_YEAR]
    assert utc_seconds(pa.array([date(2017, 1, 1)]), time_format="%Y%m%d")[0].tolist() == [NEW_YEAR]


def test_what_is_no_format() -> None:
    with pytest.raises(DataError, match=r"^time_format '%Q': 'Q' is a bad directive"):
        utc_seconds(pa.array(["1"]), time_format="%Q")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_arrow_timestamps_round_towards_the_past(unit: str, zone: str | None) -> None:
    moments = np.array(["1969-12-31T23:59:59.5", "2017-01-01", "NaT"], dtype=f"datetime64[{unit}]")
    column = pa.array(moments).cast(pa.timestamp(unit, zone))
    for values in (column, column.dictionary_encode(), pa.concat_arrays([column, column]).slice(3)):
        seconds, readable = utc_seconds(values)
        assert seconds.tolist() == [-1, NEW_YEAR, 0]
        assert readable.tolist() == [True, True, False]


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_arrow_dates_are_midnight(kind: pa.DataType) -> None:
    seconds, readable = utc_seconds(pa.array([date(2017, 1, 1), None], kind))
    assert (seconds.tolist(), readable.tolist()) == ([NEW_YEAR, 0], [True, False])


def test_a_column_of_lists_is_refused() -> None:
    with pytest.raises((pa.ArrowInvalid, pa.ArrowNotImplementedError)):
        utc_seconds(pa.array([[1, 2]]))
