"""Plain Python lists to the input arrays of the signatures.

Every function raises a `ValueError` that names the argument when it does not fit the batch.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Texts = Sequence[str]
TextLists = Sequence[Sequence[str]]
NumberLists = Sequence[Sequence[float]]
Prices = Sequence[float | None]
Inputs = dict[str, NDArray[Any]]

_LARGEST_COUNT = np.iinfo(np.int32).max
_LARGEST_AGE = float(np.finfo(np.float32).max)


def user_side(
    user_ids: Texts,
    history_item_ids: TextLists | None,
    history_event_types: TextLists | None,
    history_ages: NumberLists | None,
    queries: Texts | None,
) -> Inputs:
    """Return user_id and query [B], and the three sides of the history [B, H] (H: the longest, see `_safe_to_pad`)."""
    rows = len(user_ids)
    inputs = {"user_id": strings("user_ids", user_ids, rows), "query": strings("queries", queries, rows)}
    items = ragged_strings("history_item_ids", history_item_ids, rows)
    if history_event_types is None:
        types = np.full(items.shape, "", dtype=object)
    else:
        types = ragged_strings("history_event_types", history_event_types, rows)
        _check_parallel("history_event_types", history_item_ids or [[]] * rows, history_event_types)
    ages = np.zeros(items.shape, np.float32)
    if history_ages is not None:
        _check_rows("history_ages", history_ages, rows)
        _check_ages(history_ages)
        _check_parallel("history_ages", history_item_ids or [[]] * rows, history_ages)
        ages = _ages(history_ages, items.shape)
    columns = {"history_item_ids": items, "history_event_types": types, "history_ages": ages}
    return inputs | _safe_to_pad("history_item_ids", columns)


def slate_side(rows: int, k: int, policies: Texts | None, seeds: Sequence[int] | None) -> Inputs:
    """Return what is asked of a slate: k, policy and seed [B]; seeds are random by default."""
    drawn = [secrets.randbits(63) for _ in range(rows)] if seeds is None else seeds
    return {
        "k": counts("k", k, rows),
        "policy": strings("policies", policies, rows),
        "seed": integers("seeds", drawn, rows),
    }


def filter_side(
    rows: int,
    exclude_item_ids: TextLists | None = None,
    allow_item_ids: TextLists | None = None,
    categories: Texts | None = None,
    lowest_prices: Prices | None = None,
    highest_prices: Prices | None = None,
) -> Inputs:
    """Return what restricts the catalogue: exclude_item_ids [B, X], allow_item_ids [B, A], and category and prices [B].

    What is not given restricts nothing; a price bound of None, or one that is not a number, is none.
    """
    lowest, highest = _bounds("lowest_prices", lowest_prices, rows), _bounds("highest_prices", highest_prices, rows)
    for row in np.flatnonzero(lowest > highest):
        raise ValueError(f"lowest_prices: row {row} has {lowest[row]:g}, its highest price is {highest[row]:g}")
    given = {"exclude_item_ids": exclude_item_ids, "allow_item_ids": allow_item_ids}
    lists = {name: ragged_strings(name, values, rows) for name, values in given.items()}
    return {
        **_safe_to_pad("exclude_item_ids", {"exclude_item_ids": lists["exclude_item_ids"]}),
        **_safe_to_pad("allow_item_ids", {"allow_item_ids": lists["allow_item_ids"]}),
        "category": strings("categories", categories, rows),
        "lowest_price": lowest,
        "highest_price": highest,
    }


def item_texts(rows: int, item_ids: Texts | None, titles: Texts | None, descriptions: Texts | None) -> Inputs:
    """Return item_id, title and description [B]; what is not given is empty."""
    return {
        "item_id": strings("item_ids", item_ids, rows),
        "title": strings("titles", titles, rows),
        "description": strings("descriptions", descriptions, rows),
    }


def strings(name: str, values: Texts | None, rows: int) -> NDArray[Any]:
    """Return one string a row as [B]; None gives empty strings."""
    if values is None:
        values = [""] * rows
    _check_rows(name, values, rows)
    _check_strings(name, values)
    return np.array(list(values), dtype=object)


def ragged_strings(name: str, values: TextLists | None, rows: int) -> NDArray[Any]:
    """Return lists of strings as [B, longest], padded with '' at the end; None gives empty lists."""
    if values is None:
        values = [[]] * rows
    _check_rows(name, values, rows)
    for row in values:
        if isinstance(row, str):
            raise ValueError(f"{name}: every row is a list of strings, {row!r} is one string")
        _check_strings(name, row)
    # At least one column: a tensor without elements cannot be reshaped with an inferred dimension in the graph.
    width = max([1, *(len(row) for row in values)])
    padded = np.full((rows, width), "", dtype=object)
    for position, row in enumerate(values):
        padded[position, : len(row)] = list(row)
    return padded


def counts(name: str, value: int, rows: int) -> NDArray[np.int32]:
    """Return one positive number for every row, as [B]."""
    if not 1 <= value <= _LARGEST_COUNT:
        raise ValueError(f"{name}: must be between 1 and {_LARGEST_COUNT}, is {value}")
    return np.full(rows, value, dtype=np.int32)


def integers(name: str, values: Sequence[int], rows: int) -> NDArray[np.int64]:
    """Return one integer a row as [B]."""
    _check_rows(name, values, rows)
    try:
        return np.array(list(values), dtype=np.int64)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: a 64-bit integer is needed: {error}") from error


def prices(name: str, values: Prices | None, rows: int) -> NDArray[np.float32]:
    """Return one price a row as [B]; None, for a row or for all, is unknown and becomes NaN."""
    if values is None:
        values = [None] * rows
    _check_rows(name, values, rows)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


def rows_of_first(given: Mapping[str, Sequence[Any] | None]) -> int:
    """Return the length of the first argument that is given: it sets the batch."""
    for values in given.values():
        if values is not None:
            return len(values)
    raise ValueError(f"give at least one of {', '.join(given)}")


def _safe_to_pad(leader: str, columns: Inputs) -> Inputs:
    """Put a column of '' and 0 in front of parallel [B, H] where the leader begins with an id.

    TensorFlow Serving, when it joins requests of different widths, fills the narrower with their first value
    (`pad_variable_length_inputs`): a history would gain events. An empty one in front says nothing.
    """
    if not (columns[leader].size and columns[leader][0, 0]):
        return columns
    return {name: np.insert(values, 0, _nothing(values), axis=1) for name, values in columns.items()}


def _nothing(values: NDArray[Any]) -> Any:
    return "" if values.dtype == object else 0


def _bounds(name: str, values: Prices | None, rows: int) -> NDArray[np.float32]:
    for row, value in enumerate(values or ()):
        if value is not None and not isinstance(value, Real):
            raise ValueError(f"{name}: row {row} has {value!r}, a number or None is needed")
    return prices(name, values, rows)


def _check_rows(name: str, values: Sequence[Any], rows: int) -> None:
    if isinstance(values, str):
        raise ValueError(f"{name}: a list with one element a row is needed, {values!r} is one string")
    if len(values) != rows:
        raise ValueError(f"{name}: {len(values)} rows, the batch has {rows}")


def _check_strings(name: str, values: Texts) -> None:
    for value in values:
        if not isinstance(value, str):
            raise ValueError(f"{name}: a string is needed, {value!r} is {type(value).__name__}")


def _ages(values: NumberLists, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Days as a table, 0 pads."""
    padded = np.zeros(shape, np.float32)
    for position, row in enumerate(values):
        padded[position, : len(row)] = list(row)
    return padded


def _check_ages(values: NumberLists) -> None:
    for position, row in enumerate(values):
        if isinstance(row, str) or not isinstance(row, Iterable):
            raise ValueError(f"history_ages: every row is a list of numbers, {row!r} is {type(row).__name__}")
        for age in row:
            if not isinstance(age, Real) or not 0 <= age <= _LARGEST_AGE:
                raise ValueError(f"history_ages: row {position} has {age!r}, a number of days from 0 on is needed")


def _check_parallel(name: str, history_item_ids: TextLists, values: Sequence[Sequence[Any]]) -> None:
    for row, (ids, others) in enumerate(zip(history_item_ids, values, strict=True)):
        if len(ids) != len(others):
            raise ValueError(f"{name}: row {row} has {len(others)} entries, its history has {len(ids)}")
