"""The rules over several rows, beside plain Python that follows their words."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import contract, event_shards
from tfx_pipeline.sources.contract import FILE, ROW
from tfx_pipeline.sources.event_shards import NEVER, build_shard, cancel_returns, duplicates, in_order, stable_order
from tfx_pipeline.table_config import RulesConfig

NAN = float("nan")
NAMED = ("buy", "view")
"""The event types that objectives name; a return may have a type of its own."""
TYPES = {
    "user_id": pa.string(),
    "item_id": pa.string(),
    "event_type": pa.string(),
    "timestamp": pa.int64(),
    "quantity": pa.float64(),
    "window": pa.int8(),
    FILE: pa.int32(),
    ROW: pa.int64(),
}
Row = dict[str, Any]
many = settings(deadline=None, max_examples=100)

EVENT = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from(["a", "b", "ü", "ab"]),
        "item_id": st.sampled_from(["i", "j"]),
        "event_type": st.sampled_from(["buy", "buy", "view", "refund"]),
        "timestamp": st.integers(-2, 6),
        "quantity": st.sampled_from([1.0, 2.0, 3.0, -1.0, -2.0, -5.0, NAN, 0.5, 0.0, -0.0]),
        FILE: st.integers(0, 1),
    }
)


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Events in any order, each with a place of its own in the source; few values, so that most have a twin."""
    # Left alone, Hypothesis prefers short lists, in which nothing meets.
    size = draw(st.sampled_from([12, 25, 4, 0, 1]))
    events = draw(st.lists(EVENT, min_size=size, max_size=size + 10))
    places = draw(st.permutations(range(1, len(events) + 1)))
    return [{**event, ROW: place} for event, place in zip(events, places, strict=True)]


def table(rows: list[Row], *without: str) -> pa.Table:
    columns = {name: kind for name, kind in TYPES.items() if name not in without}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in columns.items()})


def place(row: Row) -> tuple[int, int]:
    return row[FILE], row[ROW]


def places(events: pa.Table) -> list[tuple[int, int]]:
    return list(zip(events[FILE].to_pylist(), events[ROW].to_pylist(), strict=True))


def ordered(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["user_id"].encode(), row.get("window", 0), row["timestamp"], *place(row)))


@many
@given(logs())
def test_order_is_user_time_and_place_in_the_source(rows: list[Row]) -> None:
    assert places(in_order(table(rows, "window"))) == list(map(place, ordered(rows)))


@many
@given(logs(), st.data())
def test_where_files_give_windows_they_come_before_time(rows: list[Row], data: st.DataObject) -> None:
    rows = [{**row, "window": data.draw(st.sampled_from([0, 2, 3]))} for row in rows]
    assert places(in_order(table(rows))) == list(map(place, ordered(rows)))


@many
@given(st.lists(st.tuples(st.integers(-(2**40), 2**40), st.integers(-3, 3), st.integers(0, 2**33)), max_size=40))
def test_the_radix_sort_sorts(keys: list[tuple[int, int, int]]) -> None:
    columns = [np.array([key[column] for key in keys], np.int64) for column in range(3)]
    assert stable_order(columns).tolist() == sorted(range(len(keys)), key=lambda row: keys[row])


def content(row: Row) -> tuple[str, ...]:
    """What makes two rows equal: all but the place; a number that is not known equals one that is not known either."""
    return tuple(str(0.0 if row[name] == 0 else row[name]) for name in sorted(row) if name not in (FILE, ROW))


def expected_duplicates(rows: list[Row]) -> list[bool]:
    seen: set[tuple[str, ...]] = set()
    found = []
    for row in rows:
        found.append(content(row) in seen)
        seen.add(content(row))
    return found


@many
@given(logs())
def test_a_duplicate_is_the_same_in_every_column(rows: list[Row]) -> None:
    rows = ordered(rows)
    assert duplicates(table(rows, "window")).tolist() == expected_duplicates(rows)


@many
@given(logs())
def test_rows_that_share_a_hash_by_chance_are_no_duplicates(rows: list[Row]) -> None:
    rows = ordered(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_shards, "_codes", lambda column: np.zeros(len(column), np.uint64))
        assert duplicates(table(rows, "window")).tolist() == expected_duplicates(rows)


def test_every_column_of_the_shop_counts_but_not_where_the_row_stands() -> None:
    row = {"user_id": "u", "item_id": "i", "event_type": "buy", "timestamp": 1, "quantity": 1.0, "window": 0, FILE: 0}
    changes: list[Row] = [
        {}, {"user_id": "v"}, {"item_id": "j"}, {"event_type": "view"}, {"timestamp": 2}, {"quantity": NAN},
        {"quantity": 2.0}, {FILE: 1}, {"window": 2},
    ]  # fmt: skip
    rows = ordered([{**row, **change, ROW: number} for number, change in enumerate(changes)])
    repeated = [row[ROW] for row, repeats in zip(rows, duplicates(table(rows)), strict=True) if repeats]
    assert repeated == [7, 8]


@dataclass
class Purchase:
    """A purchase of which `left` has not been returned."""

    row: Row
    left: float


def expected_returns(rows: list[Row]) -> dict[tuple[int, int], int]:
    """Place of each purchase that was taken back -> when, by the words of `RulesConfig.returns`."""
    taken_back = {}
    earlier: list[Purchase] = []
    for row in rows:
        quantity = 1.0 if np.isnan(row["quantity"]) else row["quantity"]
        if quantity >= 0:
            earlier.append(Purchase(row, quantity))
            continue
        owed = -quantity
        for purchase in [each for each in reversed(earlier) if takes_back(row, each.row)]:
            taken = min(owed, purchase.left)
            owed -= taken
            purchase.left -= taken
            if purchase.left == 0:
                taken_back[place(purchase.row)] = row["timestamp"]
                earlier.remove(purchase)
            if owed == 0:
                break
    return taken_back


def takes_back(one: Row, other: Row) -> bool:
    if (one["user_id"], one["item_id"]) != (other["user_id"], other["item_id"]):
        return False
    return one["event_type"] == other["event_type"] if one["event_type"] in NAMED else not np.isnan(other["quantity"])


@many
@given(logs())
def test_returns_take_back_the_latest_purchases_before_them(rows: list[Row]) -> None:
    rows = ordered(rows)
    is_return, returned_at = cancel_returns(table(rows, "window"), NAMED)
    assert is_return.tolist() == [row["quantity"] < 0 for row in rows]
    found = {place(row): int(time) for row, time in zip(rows, returned_at, strict=True) if time != NEVER}
    assert found == expected_returns(rows)


BUY = {"user_id": "u", "item_id": "i", "event_type": "buy", FILE: 0}


def history(*quantities: float, **changes: list[Any]) -> pa.Table:
    """One user's events of one item, a second apart."""
    rows = [{**BUY, "timestamp": time, "quantity": each, ROW: time} for time, each in enumerate(quantities)]
    for name, values in changes.items():
        rows = [{**row, name: value} for row, value in zip(rows, values, strict=True)]
    return table(rows, "window")


@pytest.mark.parametrize(
    ("events", "taken_back"),
    [
        (history(1, 1, -1), [None, 2]),
        (history(1, 1, -2), [2, 2]),
        (history(1, 1, -1, -1), [3, 2]),
        (history(2, -1), [None]),
        (history(2, -1, -1), [2]),
        (history(2, -1, 1, -1), [None, 3]),
        (history(3, 1, -2, -2), [3, 2]),
        (history(-1, 1), [None]),
        (history(1, -5, 1), [1, None]),
        (history(NAN, NAN, -1), [None, 2]),
        (history(0.1, 0.1, 0.1, -0.3), [3, 3, 3]),
        (history(0.3, -0.1, -0.1, -0.1), [3]),
        (history(1, -0.9, -0.1, 1), [2, None]),
        (history(1, -1, item_id=["i", "j"]), [None]),
        (history(1, -1, user_id=["u", "v"]), [None]),
        (history(1, -1, event_type=["buy", "view"]), [None]),
        (history(1, -1, event_type=["buy", "refund"]), [1]),
        (history(NAN, 2, 1, -2, event_type=["view", "buy", "view", "refund"]), [None, None, 3]),
        (history(NAN, 2, 1, -3, event_type=["view", "buy", "view", "refund"]), [None, 3, 3]),
        (history(1, 1, -1, item_id=["i", "j", "i"]), [2, None]),
        (history(1, -1, timestamp=[5, 5]), [5]),
    ],
)
def test_returns_by_hand(events: pa.Table, taken_back: list[int | None]) -> None:
    shard = build_shard(events, RulesConfig(), NAMED)
    assert shard.events["returned_at"].to_pylist() == [NEVER if time is None else time for time in taken_back]
    assert shard.returned == sum(time is not None for time in taken_back)
    returns = pc.sum(pc.less(events["quantity"], 0)).as_py()
    assert shard.counts == {("drop", contract.RETURN): returns}


def test_a_shard_without_duplicates_and_returns() -> None:
    events = table([{**BUY, "user_id": user, "timestamp": 1, ROW: 1} for user in "ba"], "quantity", "window")
    shard = build_shard(events, RulesConfig(), NAMED)
    assert shard.events.to_pydict() == {
        "user_id": ["a", "b"], "item_id": ["i"] * 2, "event_type": ["buy"] * 2, "timestamp": [1, 1],
    }  # fmt: skip
    assert (len(shard.rejected), shard.counts, shard.returned) == (0, Counter(), 0)


@pytest.mark.parametrize("action", ["quarantine", "drop", "ignore", "keep"])
def test_the_switch_of_duplicates(action: Any) -> None:
    rows = [{**BUY, "timestamp": 1, "quantity": 1.0, ROW: row} for row in (3, 1, 2)]
    shard = build_shard(table(rows, "window"), RulesConfig(duplicates=action), NAMED)
    assert len(shard.events) == (3 if action == "keep" else 1)
    assert shard.counts == ({} if action == "keep" else {(action, contract.DUPLICATE_EVENT): 2})
    in_file = [{"file": 0, "row": row, "column": "", "reason": contract.DUPLICATE_EVENT, "value": ""} for row in (2, 3)]
    assert shard.rejected.to_pylist() == (in_file if action in ("quarantine", "drop") else [])


@pytest.mark.parametrize("action", ["quarantine", "drop", "ignore"])
def test_returns_that_cancel_nothing_are_the_sieve_s_business(action: Any) -> None:
    events = history(1, 1)
    shard = build_shard(events, RulesConfig(returns=action), NAMED)
    assert shard.events.equals(events.drop([FILE, ROW]))
    assert "returned_at" not in shard.events.column_names


def test_returns_go_to_the_quarantine_file_with_their_quantity() -> None:
    shard = build_shard(history(1.5, -2.5), RulesConfig(), NAMED)
    returned = {"file": 0, "row": 1, "column": "quantity", "reason": contract.RETURN, "value": "-2.5"}
    assert shard.rejected.to_pylist() == [returned]


def test_a_duplicate_return_takes_nothing_back() -> None:
    events = history(1, 1, -1, -1, timestamp=[1, 2, 3, 3])
    shard = build_shard(events, RulesConfig(), NAMED)
    assert shard.events["returned_at"].to_pylist() == [NEVER, 3]
    assert shard.counts == {("drop", contract.DUPLICATE_EVENT): 1, ("drop", contract.RETURN): 1}


def test_an_empty_shard() -> None:
    shard = build_shard(table([], "window"), RulesConfig(), NAMED)
    assert shard.events.schema.names == ["user_id", "item_id", "event_type", "timestamp", "quantity", "returned_at"]
    assert (len(shard.events), len(shard.rejected), shard.returned) == (0, 0, 0)


def test_a_shard_is_the_same_in_whatever_order_its_events_come() -> None:
    draw = random.Random(7)
    rows = [
        {
            "user_id": draw.choice("abc"), "item_id": draw.choice("ij"), "event_type": "buy",
            "timestamp": draw.randrange(20), "quantity": draw.choice([1.0, 2.0, -1.0]), FILE: 0, ROW: row,
        }
        for row in range(200)
    ]  # fmt: skip
    first = build_shard(table(rows, "window"), RulesConfig(), NAMED)
    draw.shuffle(rows)
    second = build_shard(table(rows, "window"), RulesConfig(), NAMED)
    assert first.events.equals(second.events) and first.rejected.equals(second.rejected)
    assert (first.counts, first.returned) == (second.counts, second.returned)
