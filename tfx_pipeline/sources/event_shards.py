"""The events of some users, all together: in order, without duplicates, and with returns taken into account."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.contract import DUPLICATE_EVENT, FILE, RETURN, RETURNED_AT, ROW, SPAN, WINDOW
from tfx_pipeline.sources.rejected import SCHEMA, Rejected, reject
from tfx_pipeline.sources.values import Integers, Mask
from tfx_pipeline.split import NEVER
from tfx_pipeline.table_config import RulesConfig

_PLACE = (FILE, ROW, WINDOW, SPAN)
"""What the file of an event tells, not its row."""
_ROUNDING = 1e-9
"""Quantities that are smaller are what sums of decimal numbers leave over."""


@dataclass(frozen=True)
class Shard:
    """What became of the events of some users.

    Attributes:
        events: The events to keep, ordered by user, window (where files give it), time and place in the source.
        rejected: The rows for the quarantine file.
        counts: (action, reason) -> rows that are not kept.
        returned: Events that a return took back.
    """

    events: pa.Table
    rejected: Rejected
    counts: Counter[tuple[str, str]]
    returned: int


def build_shard(events: pa.Table, rules: RulesConfig, event_types: Sequence[str]) -> Shard:
    """Order events and apply the rules that look at more than one row.

    Args:
        events: All events of some users, in any order, with `FILE` and `ROW`.
        rules: What happens to duplicates and returns.
        event_types: The event types that the objectives name.
    """
    events = in_order(events)
    counts: Counter[tuple[str, str]] = Counter()
    rejected = [SCHEMA.empty_table()]
    if rules.duplicates != "keep":
        is_duplicate = duplicates(events)
        rejected.append(_leave_out(events, is_duplicate, rules.duplicates, DUPLICATE_EVENT, "", counts))
        events = events.filter(pa.array(~is_duplicate)) if is_duplicate.any() else events
    returned = 0
    if "quantity" in events.column_names and rules.returns == "cancel":
        is_return, returned_at = cancel_returns(events, event_types)
        rejected.append(_leave_out(events, is_return, "drop", RETURN, "quantity", counts))
        events = events.append_column(RETURNED_AT, pa.array(returned_at)).filter(pa.array(~is_return))
        returned = int((returned_at != NEVER).sum())
    return Shard(events.drop([FILE, ROW]), pa.concat_tables(rejected), counts, returned)


def in_order(events: pa.Table) -> pa.Table:
    """Events ordered by user, window where there is one, time, and place in the source."""
    users = events["user_id"].combine_chunks().dictionary_encode()
    rank = np.empty(len(users.dictionary), np.int64)
    rank[pc.sort_indices(users.dictionary).to_numpy()] = np.arange(len(rank))
    names = [name for name in (WINDOW, "timestamp", FILE, ROW) if name in events.column_names]
    keys = [rank[users.indices.to_numpy()], *(events[name].to_numpy() for name in names)]
    return events.take(pa.array(stable_order(keys))).combine_chunks()


def stable_order(keys: list[np.ndarray]) -> Integers:
    """The order of rows by several whole-numbered keys, the first one first; int64 [N].

    Least-significant-digit radix sort (Knuth, The Art of Computer Programming 3, 5.2.5) in digits of 16 bits, of which
    only those that differ between rows are sorted by: NumPy's own sort of several keys takes four times as long.
    """
    order = np.arange(len(keys[0]))
    for key in reversed(keys):
        offsets = (key.astype(np.int64) - key.min(initial=0)).view(np.uint64) if len(key) else key
        for shift in range(0, 64, 16):
            if len(offsets) == 0 or not (offsets.max() >> np.uint64(shift)):
                break
            digit = (offsets >> np.uint64(shift)).astype(np.uint16)
            order = order[np.argsort(digit[order], kind="stable")]
    return order


def duplicates(events: pa.Table) -> Mask:
    """Whether an earlier event is the same in every column of the shop, in whatever file; bool [events].

    Args:
        events: Events in order, so that equal ones have one user and time; neighbours need not be equal.
    """
    mixed = np.zeros(len(events), np.uint64)
    for name in events.column_names:
        if name not in _PLACE:
            # Multiplier and shift of Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
            mixed = (mixed ^ (mixed >> np.uint64(29)) ^ _codes(events[name])) * np.uint64(0x9E3779B97F4A7C15)
    repeated = pd.Series(mixed).duplicated().to_numpy()
    return _confirmed(events, mixed, repeated) if repeated.any() else repeated


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    """A number for each value, equal for equal values; uint64 [N]."""
    values = column.combine_chunks()
    if pa.types.is_string(values.type):
        return values.dictionary_encode().indices.to_numpy().astype(np.uint64)
    if pa.types.is_floating(values.type):
        # The sum turns a negative zero, which equals the other one, into it.
        return (values.to_numpy() + 0.0).view(np.uint64)
    return values.to_numpy(zero_copy_only=False).astype(np.uint64)


def _confirmed(events: pa.Table, mixed: np.ndarray, repeated: Mask) -> Mask:
    """The repeated rows that really equal an earlier one: two rows may share a hash by chance."""
    suspects = np.flatnonzero(np.isin(mixed, mixed[repeated]))
    columns = [name for name in events.column_names if name not in _PLACE]
    frame = events.select(columns).take(pa.array(suspects)).to_pandas()
    confirmed = np.zeros(len(events), bool)
    confirmed[suspects] = frame.duplicated().to_numpy()
    return confirmed


def cancel_returns(events: pa.Table, event_types: Sequence[str]) -> tuple[Mask, Integers]:
    """Find what each return takes back: the user's latest purchases of the item before it, as far as its quantity goes.

    A purchase is taken back when returns have used up its quantity. A return whose type an objective names takes back
    events of that type, of which a missing quantity counts as one; a return with a type of its own takes back events
    of any type that have a quantity.

    Args:
        events: Events in order, with `quantity`.
        event_types: The event types that the objectives name.

    Returns:
        Whether an event is a return, bool [events]; and when it was taken back, int64 epoch seconds, `NEVER` if not.
    """
    quantities = events["quantity"].to_numpy()
    is_return = quantities < 0
    returned_at = np.full(len(events), NEVER, np.int64)
    if not is_return.any():
        return is_return, returned_at
    kinds = events["event_type"].combine_chunks().dictionary_encode()
    is_named = pc.is_in(kinds.dictionary, value_set=pa.array(event_types, pa.string())).to_numpy(zero_copy_only=False)
    ledger = _Ledger(quantities, kinds.indices.to_numpy(), is_named, events["timestamp"].to_numpy(), returned_at)
    key = _combined(events, ("user_id", "item_id"))
    rows = np.flatnonzero(np.isin(key, key[is_return]))
    rows = rows[np.argsort(key[rows], kind="stable")]
    for _, group in groupby(rows.tolist(), key=lambda row: key[row]):
        ledger.settle(list(group))
    return is_return, returned_at


def _combined(events: pa.Table, names: tuple[str, ...]) -> Integers:
    """A number for each combination of values of some text columns, int64 [events]."""
    key = np.zeros(len(events), np.int64)
    for name in names:
        column = events[name].combine_chunks().dictionary_encode()
        key = key * max(len(column.dictionary), 1) + column.indices.to_numpy()
    return key


@dataclass(frozen=True)
class _Ledger:
    """Quantity, kind and time of each event, whether an objective names each kind, and when each was taken back."""

    quantities: np.ndarray
    kinds: np.ndarray
    is_named: np.ndarray
    times: np.ndarray
    returned_at: Integers

    def settle(self, rows: list[int]) -> None:
        """Walk through one user's events of one item, in order, and write when they were taken back."""
        left: dict[int, float] = {}
        for row in rows:
            quantity = self.quantities[row]
            if quantity < 0:
                self._take_back(row, left)
            else:
                left[row] = 1.0 if np.isnan(quantity) else float(quantity)

    def _take_back(self, row: int, left: dict[int, float]) -> None:
        owed = -float(self.quantities[row])
        for purchase in [each for each in reversed(left) if self._may_return(row, each)]:
            if owed <= _ROUNDING:
                return
            owed, left[purchase] = owed - left[purchase], left[purchase] - owed
            if left[purchase] <= _ROUNDING:
                del left[purchase]
                self.returned_at[purchase] = self.times[row]

    def _may_return(self, row: int, purchase: int) -> bool:
        if self.is_named[self.kinds[row]]:
            return bool(self.kinds[row] == self.kinds[purchase])
        return not np.isnan(self.quantities[purchase])


def _leave_out(
    events: pa.Table, rows: Mask, action: str, reason: str, column: str, counts: Counter[tuple[str, str]]
) -> Rejected:
    """Count rows that are not kept, and give those that go to the quarantine file."""
    count = int(rows.sum())
    if not count:
        return SCHEMA.empty_table()
    counts[action, reason] += count
    if action == "ignore":
        return SCHEMA.empty_table()
    chosen = events.filter(pa.array(rows))
    values = [f"{value:g}" for value in chosen[column].to_pylist()] if column else [""] * count
    return reject(chosen[FILE].to_numpy(), chosen[ROW].to_numpy(), column, reason, values)
