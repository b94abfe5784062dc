"""Times in every accepted notation, against the standard library."""

from datetime import date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.timestamps import EPOCH_LIMIT, FIRST_MILLISECOND, utc_seconds

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
]
UNREADABLE = [
    "", " ", "soon", "2017-02-29", "2017-13-01", "2017-01-32", "2017-00-01", "2017-04-31", "01/02/2017", "2017-1-1",
    "2017-01-01T24:00:00", "2017-01-01T00:60:00", "2017-01-01T00:00:00+25:00", "2017-01-01T00:00:00 CET", "17-01-01",
    "2017-01-01T00", "nan", "inf", "1483228800000000", "0x10",
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
    for separator in "T ":
        seconds, readable = utc_seconds(pa.array([moment.isoformat(separator)]))
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
@given(st.integers(-int(EPOCH_LIMIT) + 1, int(EPOCH_LIMIT) - 1))
def test_numbers_and_strings_of_digits_agree(number: int) -> None:
    expected = number if abs(number) < FIRST_MILLISECOND else number // 1000
    for column in (pa.array([number]), pa.array([float(number)]), pa.array([str(number)])):
        seconds, readable = utc_seconds(column)
        assert (seconds.tolist(), readable.tolist()) == ([expected], [True])


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
