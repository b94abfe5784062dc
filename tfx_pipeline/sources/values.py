"""Arrow columns of any type to the plain types of the contract."""

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
DecimalMark = Literal[".", ","]

_DECIMAL_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
# A lone group without decimals, 1,234, is left out: it may as well be a decimal number with the other mark.
_GROUPED_NUMBER = r"^[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,})$"
_PROBE_ROWS = 32
_SWAPPED_MARKS = str.maketrans(",.", ".,")
_TRUE = pa.array(["", "true", "t", "yes", "y", "1"])
_FALSE = pa.array(["false", "f", "no", "n", "0"])


def plain(values: pa.Array) -> pa.Array:
    """The values themselves where a column is dictionary encoded (categorical in pandas)."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def holds_text(kind: pa.DataType) -> bool:
    """Whether values of this type are strings, or bytes that stand for strings."""
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def mask_of(values: pa.Array) -> Mask:
    """A column of booleans without nulls, as `[N]` bool."""
    mask: Mask = values.to_numpy(zero_copy_only=False)
    return mask


def cast_or_none(values: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """Strings as values of another type, or None where Arrow cannot read all of them."""
    try:
        # Arrow takes its time over a column that it cannot read, so a few values are tried first.
        values.slice(0, _PROBE_ROWS).cast(kind)
        return values.cast(kind)
    except pa.ArrowInvalid:
        return None


def text(values: pa.Array) -> pa.Array:
    """Values as strings `[N]`, '' where null; whole numbers have no `.0`, even in a column of floats or decimals.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type has no text, such as a list.
    """
    values = plain(values)
    if pa.types.is_decimal(values.type):
        values = values.cast(pa.int64() if values.type.scale == 0 else pa.float64())
    if pa.types.is_floating(values.type):
        values = _float_text(values)
    return pc.fill_null(values.cast(pa.string()), "")


def trimmed(values: pa.Array) -> pa.Array:
    """As `text`, without surrounding white space."""
    return pc.utf8_trim_whitespace(text(values))


def distinct(values: pa.Array) -> pa.DictionaryArray:
    """As `text`, but dictionary encoded and without nulls: what holds for a value is then found out only once.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type has no text, such as a list.
    """
    if not pa.types.is_dictionary(values.type) or values.indices.null_count:
        values = plain(values).dictionary_encode(null_encoding="encode")
    return pa.DictionaryArray.from_arrays(values.indices, text(values.dictionary))


def blanks_as_null(values: pa.Array) -> pa.Array:
    """Strings, null where empty: Arrow's parsers stop at an empty string and pass a null on."""
    return null_where(pc.equal(values, ""), values)


def null_where(is_absent: pa.Array, values: pa.Array) -> pa.Array:
    """Values `[N]`, null where `[N]` bool says so."""
    # if_else of Arrow 18 makes an array with wrong offsets of a null and a slice of strings.
    return pc.replace_with_mask(values, pc.fill_null(is_absent, False), pa.scalar(None, values.type))


def numbers(values: pa.Array, decimal_mark: DecimalMark = ".") -> tuple[Floats, Mask]:
    """Values as `[N]` float64, NaN where null, empty or unreadable; and `[N]` bool: holds a finite number.

    Strings are decimal numbers, surrounding white space allowed. The mark that does not separate the decimals may
    group thousands, as in `1,234.50` and `1,234,567`; a lone group without decimals, `1,234`, is not read, since it
    may be a decimal number in the other notation. `nan`, `inf`, `3,50`, `$ 3.50` and `0x1f` are not numbers.

    Args:
        values: `[N]` numbers or strings.
        decimal_mark: What separates the decimals in strings.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The type holds no numbers.
    """
    values = plain(values)
    if holds_text(values.type):
        values = _read_decimals(blanks_as_null(text(values)), decimal_mark)
    floats: Floats = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    is_number = np.isfinite(floats)
    return np.where(is_number, floats, np.nan), is_number


def missing(values: pa.Array) -> Mask:
    """`[N]` bool: null, NaN, or a string with nothing but white space."""
    values = plain(values)
    if pa.types.is_floating(values.type):
        return mask_of(values.is_null(nan_is_null=True))
    if holds_text(values.type):
        return mask_of(pc.equal(trimmed(values), ""))
    return mask_of(values.is_null())


def flags(values: pa.Array) -> tuple[Mask, Mask]:
    """Values as `[N]` bool, true where missing; and `[N]` bool: could be read.

    Reads true, false, yes, no, 1, 0 and their first letters, in any case.
    """
    words = pc.utf8_lower(trimmed(values))
    is_false = mask_of(pc.is_in(words, value_set=_FALSE))
    is_true = mask_of(pc.is_in(words, value_set=_TRUE))
    return ~is_false, is_false | is_true


def _read_decimals(values: pa.Array, decimal_mark: DecimalMark) -> pa.Array:
    if decimal_mark == "." and (floats := cast_or_none(values, pa.float64())) is not None:
        return floats
    encoded = values.dictionary_encode(null_encoding="encode")
    return _parse_decimals(trimmed(encoded.dictionary), decimal_mark).take(encoded.indices)


def _parse_decimals(values: pa.Array, decimal_mark: DecimalMark) -> pa.Array:
    if decimal_mark == ",":
        values = pa.array([value.translate(_SWAPPED_MARKS) for value in values.to_pylist()], pa.string())
    is_grouped = pc.match_substring_regex(values, pattern=_GROUPED_NUMBER)
    is_number = pc.or_(is_grouped, pc.match_substring_regex(values, pattern=_DECIMAL_NUMBER))
    ungrouped = pc.if_else(is_grouped, pc.replace_substring(values, pattern=",", replacement=""), values)
    # Arrow parses no leading plus.
    return null_where(pc.invert(is_number), pc.utf8_ltrim(ungrouped, characters="+")).cast(pa.float64())


def _float_text(values: pa.Array) -> pa.Array:
    floats: Floats = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    # Beyond 2^53 a float is no exact whole number any more.
    is_whole = (floats == np.floor(floats)) & (np.abs(floats) <= 2.0**53)
    whole = pa.array(np.where(is_whole, floats, 0).astype(np.int64)).cast(pa.string())
    given = pa.array(floats, from_pandas=True).cast(pa.string())
    return pc.if_else(pa.array(is_whole), whole, given)
