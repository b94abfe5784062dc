"""Python values of any types to one Arrow column that loses none of them."""

import json
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa

EXACT_WHOLE = 2**53
"""Up to here every whole number has a float of its own."""

_LISTS = (list, tuple, set)


def arrow_values(values: Sequence[Any]) -> pa.Array:
    """Make a column `[N]`.

    Args:
        values: `[N]` booleans, numbers, strings, lists, or anything that JSON can write; None is missing.

    Returns:
        Values of one type in that type: bool, int64, float64, string, or lists of such. Whole numbers among floats
        become floats, if they lose nothing. All else becomes strings, in which objects are written as JSON.
    """
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and _all_within(values, 2**63 - 1):
        return pa.array(values, pa.int64())
    if kinds in ({float}, {int, float}) and _all_within(values, EXACT_WHOLE):
        return pa.array(values, pa.float64())
    if kinds and kinds <= set(_LISTS):
        return _lists(values)
    return pa.array([_text(value) for value in values], pa.string())


def _all_within(values: Iterable[Any], limit: int) -> bool:
    return all(-limit <= value <= limit for value in values if isinstance(value, int))


def _lists(values: Sequence[Any]) -> pa.Array:
    elements = arrow_values(list(chain.from_iterable(value for value in values if value is not None)))
    ends = list(accumulate((0 if value is None else len(value) for value in values), initial=0))
    # A missing start marks a missing list.
    starts = [None if value is None else start for value, start in zip(values, ends, strict=False)]
    return pa.ListArray.from_arrays(pa.array([*starts, ends[-1]], pa.int32()), elements)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_WHOLE:
        value = int(value)
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=_text)
    # Half of a surrogate pair is no character.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
