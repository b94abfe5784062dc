"""What a row must satisfy to be kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.contract import Column
from tfx_pipeline.sources.timestamps import utc_seconds
from tfx_pipeline.sources.values import Mask, flags, mask_of, missing, numbers, text, trimmed


@dataclass(frozen=True)
class Converted:
    """One contract column of a batch.

    Attributes:
        values: `[N]` Arrow array of the column's type, without nulls.
        unreadable: `[N]` bool; false where the value is missing, except for a time, which nobody may omit.
    """

    values: pa.Array
    unreadable: Mask


class Failure(NamedTuple):
    """One rule and the rows that break it.

    Attributes:
        reason: One of the reasons of the contract.
        column: The contract column that is to blame.
        rows: `[N]` bool.
    """

    reason: str
    column: str
    rows: Mask


Columns = Mapping[str, Converted]


def convert(column: Column, raw: pa.Array) -> Converted:
    """Bring raw values to the type of their contract column.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError: The raw type cannot hold such values.
    """
    fine = np.zeros(len(raw), dtype=bool)
    if column.kind == "id":
        return Converted(text(raw), fine)
    if column.kind in ("text", "path"):
        return Converted(trimmed(raw), fine)
    if column.kind == "time":
        seconds, readable = utc_seconds(raw)
        return Converted(pa.array(seconds), ~readable)
    if column.kind == "flag":
        is_set, readable = flags(raw)
        return Converted(pa.array(is_set), ~readable)
    amounts, readable = numbers(raw)
    if column.kind == "number":
        return Converted(pa.array(amounts), ~readable & ~missing(raw))
    is_whole = readable & (amounts >= 0) & (amounts == np.floor(amounts)) & (amounts <= 2.0**53)
    return Converted(pa.array(np.where(is_whole, amounts, -1).astype(np.int64)), ~is_whole & ~missing(raw))


def first_failure(failures: list[Failure], length: int) -> NDArray[np.int8]:
    """`[length]` int8: the position in `failures` of the first rule that a row breaks, -1 for a row to keep."""
    first = np.full(length, -1, dtype=np.int8)
    for position, failure in enumerate(failures):
        first[(first < 0) & failure.rows] = position
    return first


class EventRules:
    """The rules of the events table, in the order in which they claim a row.

    The event type comes first: what no objective asks about is not looked at further, so that a log full of
    anonymous page views does not fail a shop that learns from purchases.
    """

    def __init__(self, event_types: Collection[str], known_items: pa.Array | None) -> None:
        """Take the event types that the objectives name, and the ids of the items table if there is one."""
        self._event_types = pa.array(list(event_types), pa.string())
        self._known_items = known_items

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch."""
        failures = [
            _empty(contract.MISSING_EVENT_TYPE, "event_type", columns),
            Failure(contract.OTHER_EVENT_TYPE, "event_type", ~_is_in(columns["event_type"], self._event_types)),
            _empty(contract.MISSING_USER, "user_id", columns),
            _empty(contract.MISSING_ITEM, "item_id", columns),
            *(_line_break(name, columns) for name in ("user_id", "item_id")),
            Failure(contract.UNREADABLE_TIMESTAMP, "timestamp", columns["timestamp"].unreadable),
        ]
        if self._known_items is not None:
            failures.append(Failure(contract.UNKNOWN_ITEM, "item_id", ~_is_in(columns["item_id"], self._known_items)))
        failures += _negative(contract.NEGATIVE_PRICE, "price", columns)
        failures += _negative(contract.NEGATIVE_QUANTITY, "quantity", columns)
        failures += _unreadable_numbers(columns, "price", "quantity", "position", "propensity")
        if "propensity" in columns:
            values = columns["propensity"].values.to_numpy()
            failures.append(Failure(contract.PROPENSITY_OUT_OF_RANGE, "propensity", (values <= 0) | (values > 1)))
        return failures


class ItemRules:
    """The rules of the items table; it remembers the ids that it has seen kept.

    Attributes:
        kept: `[M]` strings, the ids of the kept items so far, in file order.
    """

    def __init__(self) -> None:
        """Start with no item."""
        self.kept: pa.Array = pa.array([], pa.string())

    def __call__(self, columns: Columns) -> list[Failure]:
        """Check a batch; batches come in file order, each once."""
        failures = [_empty(contract.MISSING_ITEM, "item_id", columns), _line_break("item_id", columns)]
        failures += _negative(contract.NEGATIVE_PRICE, "price", columns)
        failures += _unreadable_numbers(columns, "price")
        if "available" in columns:
            failures.append(Failure(contract.UNREADABLE_FLAG, "available", columns["available"].unreadable))
        ids = columns["item_id"].values
        sound = first_failure(failures, len(ids)) < 0
        is_new = self._is_new(ids, sound)
        self.kept = pa.concat_arrays([self.kept, ids.filter(pa.array(is_new))])
        failures.append(Failure(contract.DUPLICATE_ITEM, "item_id", sound & ~is_new))
        return failures

    def _is_new(self, ids: pa.Array, sound: Mask) -> Mask:
        """`[N]` bool: the first sound row of an id that no earlier batch had."""
        candidates = np.flatnonzero(sound)
        codes = ids.take(pa.array(candidates)).dictionary_encode().indices.to_numpy()
        firsts = candidates[np.unique(codes, return_index=True)[1]]
        is_new = np.zeros(len(ids), dtype=bool)
        is_new[firsts] = True
        return is_new & ~mask_of(pc.is_in(ids, value_set=self.kept))


def _is_in(column: Converted, known: pa.Array) -> Mask:
    return mask_of(pc.is_in(column.values, value_set=known))


def _empty(reason: str, name: str, columns: Columns) -> Failure:
    return Failure(reason, name, missing(columns[name].values))


def _line_break(name: str, columns: Columns) -> Failure:
    broken = pc.match_substring_regex(columns[name].values, r"[\r\n]")
    return Failure(contract.LINE_BREAK_IN_ID, name, mask_of(broken))


def _negative(reason: str, name: str, columns: Columns) -> list[Failure]:
    return [Failure(reason, name, columns[name].values.to_numpy() < 0)] if name in columns else []


def _unreadable_numbers(columns: Columns, *names: str) -> list[Failure]:
    return [Failure(contract.NOT_A_NUMBER, name, columns[name].unreadable) for name in names if name in columns]
