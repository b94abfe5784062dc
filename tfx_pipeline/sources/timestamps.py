"""Times in any of the accepted notations to UTC seconds since 1970."""

import re
from datetime import datetime, timezone
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import (
    Floats,
    Integers,
    Mask,
    blanks_as_null,
    cast_or_none,
    distinct,
    holds_text,
    mask_of,
    numbers,
    plain,
    text,
)

TimeUnit = Literal["auto", "s", "ms", "us"]

FIRST_MILLISECOND = 1e11
"""Epoch numbers of unknown unit are milliseconds from here on, smaller ones seconds.

As seconds this number lies in the year 5138, as milliseconds in March 1973, so the two readings of a shop's log
never meet.
"""

FIRST_MICROSECOND = 1e14
"""Epoch numbers of unknown unit are microseconds from here on; the years are the same as for milliseconds."""

EPOCH_LIMIT = 1e11
"""Seconds since 1970 from here on, past the year 5138, are unreadable as epoch numbers of any unit."""

_ISO_8601 = (
    r"^\s*(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<hour>[01]\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?)?"
    r"\s?(?P<zone>[Zz]|UTC|GMT|(?P<sign>[+-])(?P<zone_hour>[01]\d|2[0-3])(?::?(?P<zone_minute>[0-5]\d))?)?)?\s*$"
)
_UNITS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def utc_seconds(
    values: pa.Array, unit: TimeUnit = "auto", zone: str = "UTC", time_format: str | None = None
) -> tuple[Integers, Mask]:
    """Read times; parts of a second are cut off towards the past.

    Args:
        values: `[N]` Arrow timestamps or dates; strings in ISO 8601 (`2017-01-31`, `2017-01-31 11:53`,
            `2017-01-31T11:53:26.5+02:00`), which may end in ` UTC` or ` GMT`; or numbers, or strings of digits,
            since 1970. `20170131` is such a number, not a date.
        unit: What the numbers count; `auto` tells seconds, milliseconds and microseconds apart by their size, with
            `FIRST_MILLISECOND` and `FIRST_MICROSECOND`.
        zone: Where times were taken that do not say it themselves. A local time that occurs twice, when clocks are
            set back, is the earlier instant; one that never occurs, when they are set forward, is the instant of
            the change.
        time_format: How the times are written, in the codes of strptime; nothing else is then accepted, except for
            Arrow timestamps and dates.

    Returns:
        `[N]` int64 seconds, 0 where unreadable, and `[N]` bool that says which are readable; a missing time is not.

    Raises:
        DataError: `time_format` is not a format.
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type of the column holds no times.
    """
    if pa.types.is_date(plain(values).type):
        values = plain(values).cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(plain(values).type):
        return _from_arrow(plain(values), zone)
    if time_format is not None:
        return _from_format(distinct(values), time_format, zone)
    values = plain(values)
    if not holds_text(values.type):
        return _from_epoch(*numbers(values), unit)
    return _from_text(blanks_as_null(text(values)), unit, zone)


def _from_arrow(values: pa.Array, zone: str) -> tuple[Integers, Mask]:
    if values.type.tz is None and zone != "UTC":
        values = pc.assume_timezone(values, timezone=zone, ambiguous="earliest", nonexistent="latest")
    readable = mask_of(values.is_valid())
    ticks = values.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return ticks // _UNITS_PER_SECOND[values.type.unit], readable


def _from_epoch(values: Floats, is_number: Mask, unit: TimeUnit) -> tuple[Integers, Mask]:
    values = np.where(is_number, values, 0.0)
    size = np.abs(values)
    if unit == "auto":
        per_second = np.where(size < FIRST_MILLISECOND, 1.0, np.where(size < FIRST_MICROSECOND, 1e3, 1e6))
    else:
        per_second = np.full(len(values), float(_UNITS_PER_SECOND[unit]))
    readable = is_number & (size < EPOCH_LIMIT * per_second)
    seconds = np.floor_divide(np.where(readable, values, 0.0), per_second)
    return seconds.astype(np.int64), readable


def _from_text(values: pa.Array, unit: TimeUnit, zone: str) -> tuple[Integers, Mask]:
    """Arrow's own parsers first: they are many times faster, but take a column only as a whole."""
    if cast_or_none(values, pa.float64()) is not None:
        return _from_epoch(*numbers(values), unit)
    with_z = values
    for name in (" UTC", " GMT"):
        with_z = pc.replace_substring(with_z, pattern=name, replacement="Z")
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        if (times := cast_or_none(with_z, kind)) is not None:
            return _from_arrow(times, zone)
    seconds, readable = _from_iso(pc.fill_null(values, ""), zone)
    epoch_seconds, is_epoch = _from_epoch(*numbers(values), unit)
    return np.where(readable, seconds, epoch_seconds), readable | is_epoch


def _from_iso(values: pa.Array, zone: str) -> tuple[Integers, Mask]:
    groups = pc.extract_regex(values, pattern=_ISO_8601)
    matched = mask_of(groups.is_valid())
    part = {field.name: column for field, column in zip(groups.type, groups.flatten(), strict=True)}
    month = ((_whole(part["year"]) - 1970) * 12 + _whole(part["month"], 1) - 1).astype("datetime64[M]")
    day = month.astype("datetime64[D]") + (_whole(part["day"], 1) - 1)
    # NumPy runs past the end of a month: 30 February becomes 2 March.
    readable = matched & (day.astype("datetime64[M]") == month)
    clock = _whole(part["hour"]) * 3600 + _whole(part["minute"]) * 60 + _whole(part["second"])
    offset = _whole(part["zone_hour"]) * 3600 + _whole(part["zone_minute"]) * 60
    is_west = mask_of(pc.fill_null(pc.equal(part["sign"], "-"), False))
    local = np.where(readable, day.astype("datetime64[s]").astype(np.int64) + clock, 0)
    in_zone, _ = _from_arrow(pa.array(local).cast(pa.timestamp("s")), zone)
    has_zone = mask_of(pc.fill_null(pc.not_equal(part["zone"], ""), False))
    seconds = np.where(has_zone, local - np.where(is_west, -offset, offset), in_zone)
    return np.where(readable, seconds, 0), readable


def _from_format(values: pa.DictionaryArray, time_format: str, zone: str) -> tuple[Integers, Mask]:
    _check_format(time_format)
    # The bar keeps pandas from its parser of ISO formats, which accepts less than the whole format.
    written = pc.binary_join_element_wise(pc.utf8_trim_whitespace(values.dictionary), "", "|").to_pandas()
    times = pd.to_datetime(written, format=f"{time_format}|", errors="coerce", utc=True)
    says_zone = "%z" in time_format.lower()
    local = pa.array(times.dt.tz_localize(None), from_pandas=True)
    seconds, readable = _from_arrow(local, "UTC" if says_zone else zone)
    codes = values.indices.to_numpy()
    return seconds[codes], readable[codes]


def _check_format(time_format: str) -> None:
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    try:
        datetime.strptime(moment.strftime(time_format), time_format)
    except (ValueError, re.error) as error:  # re.error: a code that stands there twice.
        raise DataError(f"time_format {time_format!r}: {error}") from error


def _whole(digits: pa.Array, default: int = 0) -> Integers:
    """Groups of digits as int64; a group that did not take part in the match counts as `default`."""
    given = pc.not_equal(digits, "")
    filled = pc.if_else(pc.fill_null(given, False), digits, str(default))
    whole: Integers = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return whole
