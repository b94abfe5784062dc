"""Times in any of the accepted notations to UTC seconds since 1970."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.values import Floats, Integers, Mask, holds_text, mask_of, numbers, plain, text

FIRST_MILLISECOND = 1e11
"""Epoch numbers from here on are milliseconds, smaller ones seconds.

As seconds this number lies in the year 5138, as milliseconds in March 1973, so the two readings of a shop's log
never meet.
"""

EPOCH_LIMIT = 1e14
"""Epoch numbers from here on are unreadable: as milliseconds this is past the year 5138."""

_ISO_8601 = (
    r"^\s*(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d+)?)?"
    r"\s?(?:[Zz]|(?P<sign>[+-])(?P<zone_hour>[01]\d|2[0-3])(?::?(?P<zone_minute>[0-5]\d))?)?)?\s*$"
)
_UNITS_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def utc_seconds(values: pa.Array) -> tuple[Integers, Mask]:
    """Read times; parts of a second are cut off towards the past.

    Args:
        values: `[N]` Arrow timestamps or dates; strings in ISO 8601 (`2017-01-31`, `2017-01-31 11:53`,
            `2017-01-31T11:53:26.5+02:00`); or epoch seconds or milliseconds as numbers or strings of digits, told
            apart by `FIRST_MILLISECOND`. A time without a zone is UTC. `20170131` is an epoch number, not a date.

    Returns:
        `[N]` int64 seconds, 0 where unreadable, and `[N]` bool that says which are readable; a missing time is not.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type of the column holds no times.
    """
    values = plain(values)
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(values.type):
        return _from_arrow(values)
    if not holds_text(values.type):
        return _from_epoch(*numbers(values))
    values = text(values)
    seconds, readable = _from_iso(values)
    if readable.all():
        return seconds, readable
    epoch_seconds, is_epoch = _from_epoch(*numbers(values))
    return np.where(readable, seconds, epoch_seconds), readable | is_epoch


def _from_arrow(values: pa.Array) -> tuple[Integers, Mask]:
    readable = mask_of(values.is_valid())
    ticks = values.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return ticks // _UNITS_PER_SECOND[values.type.unit], readable


def _from_epoch(values: Floats, is_number: Mask) -> tuple[Integers, Mask]:
    readable = is_number & (np.abs(values) < EPOCH_LIMIT)
    values = np.where(readable, values, 0.0)
    seconds = np.where(np.abs(values) < FIRST_MILLISECOND, values, values / 1000)
    return np.floor(seconds).astype(np.int64), readable


def _from_iso(values: pa.Array) -> tuple[Integers, Mask]:
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
    seconds = day.astype("datetime64[s]").astype(np.int64) + clock - np.where(is_west, -offset, offset)
    return np.where(readable, seconds, 0), readable


def _whole(digits: pa.Array, default: int = 0) -> Integers:
    """Groups of digits as int64; a group that did not take part in the match counts as `default`."""
    given = pc.not_equal(digits, "")
    filled = pc.if_else(pc.fill_null(given, False), digits, str(default))
    whole: Integers = filled.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return whole
