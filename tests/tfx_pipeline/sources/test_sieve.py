"""A batch through the rules: what each switch does to its rows, and what the quarantine file may show of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.contract import EVENT_COLUMNS, ITEM_COLUMNS, USER_COLUMNS, Column
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.id_set import IdSet
from tfx_pipeline.sources.readers import Batch, MalformedRow, Reader
from tfx_pipeline.sources.rules import EventRules, ItemRules, Rules, UserRules
from tfx_pipeline.sources.sieve import FILE_ORDER_STEP, Sieve, Sifted
from tfx_pipeline.sources.user_hash import hash_ids
from tfx_pipeline.table_config import RulesConfig, TableConfig

NOW = 1_500_000_000
EVENT = {"user_id": "u", "item_id": "i", "event_type": "buy", "timestamp": "1"}
KEY = b"0123456789abcdef"


class Rows(Reader):
    """A table in memory; its rows come in batches of the given size."""

    def __init__(self, table: pa.Table, batch_rows: int = 100) -> None:
        self.path = "shop.csv"
        self.columns = table.column_names
        self._table = table
        self._batch_rows = batch_rows

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        row = 1
        for records in self._table.select(columns).to_batches(self._batch_rows):
            yield Batch(np.arange(row, row + len(records)), records)
            row += len(records)


def written(rows: list[dict[str, Any]]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})


def event_rules(known: list[str] | None = None, has_clock: bool = True, **actions: Any) -> EventRules:
    known_items = None if known is None else pa.array(known, pa.string())
    known = None if known_items is None else IdSet(known_items)
    return EventRules(["buy"], known, RulesConfig(**actions), NOW, has_clock)


def sift(
    table: pa.Table,
    rules: Rules,
    contract_columns: Sequence[Column] = EVENT_COLUMNS,
    malformed: Sequence[MalformedRow] = (),
    file_number: int = 0,
    **settings: Any,
) -> Sifted:
    """Sift a table as one batch."""
    options = {name: settings.pop(name) for name in ("written", "hide_users", "forgotten") if name in settings}
    reader = Rows(table)
    sieve = Sieve(reader, TableConfig(path="shop.csv", **settings), contract_columns, rules, **options)
    (batch,) = reader.batches(sieve.parts)
    return sieve.sift(Batch(batch.rows, batch.records, list(malformed)), file_number)


def rejected(sifted: Sifted) -> list[tuple[int, str, str, str]]:
    """Row, column, reason and value of each row for the quarantine file."""
    return [(row["row"], row["column"], row["reason"], row["value"]) for row in sifted.rejected.to_pylist()]


SWITCHES: list[tuple[str, dict[str, str], str, str, tuple[str, ...]]] = [
    ("missing_users", {"user_id": " "}, "user_id", contract.MISSING_USER, ()),
    ("unknown_event_types", {"event_type": "look"}, "event_type", contract.OTHER_EVENT_TYPE, ()),
    ("unlisted_items", {"item_id": "j"}, "item_id", contract.UNKNOWN_ITEM, ("keep",)),
    ("future_times", {"timestamp": "1500000001"}, "timestamp", contract.FUTURE_TIME, ("keep",)),
    ("negative_prices", {"price": "-0.01"}, "price", contract.NEGATIVE_PRICE, ("keep",)),
    ("returns", {"quantity": "-2"}, "quantity", contract.RETURN, ("cancel",)),
]


@pytest.mark.parametrize(("rule", "change", "column", "reason", "kept_by"), SWITCHES)
def test_a_switch_decides_what_becomes_of_a_row(
    rule: str, change: dict[str, str], column: str, reason: str, kept_by: tuple[str, ...]
) -> None:
    """`quarantine` and `drop` put it into the file, `ignore` counts it only; `keep` and `cancel` let it pass."""
    for action in ("quarantine", "drop", "ignore", *kept_by):
        switch: dict[str, Any] = {rule: action}
        sifted = sift(written([{**EVENT, **change}, EVENT]), event_rules(["i"], **switch))
        passes = action in kept_by
        assert sifted.rows_read == 2
        assert sifted.rows.tolist() == ([1, 2] if passes else [2])
        assert sifted.counts == ({} if passes else {(action, reason): 1})
        in_file = [(1, column, reason, change[column])]
        assert rejected(sifted) == (in_file if action in ("quarantine", "drop") else [])


@pytest.mark.parametrize("action", ["quarantine", "drop", "ignore"])
def test_the_switch_of_duplicate_items(action: Any) -> None:
    rows = [{"item_id": each, "title": each.upper()} for each in ("a", "b", "a")]
    sifted = sift(written(rows), ItemRules(RulesConfig(duplicate_items=action)), ITEM_COLUMNS)
    assert sifted.kept["title"].to_pylist() == ["A", "B"]
    assert sifted.counts == {(action, contract.DUPLICATE_ITEM): 1}
    assert rejected(sifted) == ([] if action == "ignore" else [(3, "item_id", contract.DUPLICATE_ITEM, "a")])


@pytest.mark.parametrize("action", ["quarantine", "drop", "ignore"])
def test_items_obey_the_switch_of_negative_prices(action: Any) -> None:
    rows = [{"item_id": "a", "title": "A", "price": "-3"}, {"item_id": "b", "title": "B", "price": "3"}]
    sifted = sift(written(rows), ItemRules(RulesConfig(negative_prices=action)), ITEM_COLUMNS)
    assert sifted.kept["item_id"].to_pylist() == ["b"]
    assert sifted.counts == {(action, contract.NEGATIVE_PRICE): 1}


def test_a_negative_price_that_is_kept_is_not_known() -> None:
    events = sift(written([{**EVENT, "price": "-1"}]), event_rules(negative_prices="keep")).kept
    assert np.isnan(events["price"].to_numpy()).all() and events["price"].null_count == 0


def test_a_row_is_counted_once_for_the_first_rule_that_it_breaks() -> None:
    rows = [
        {**EVENT, "event_type": "look", "user_id": "", "price": "-1"},
        {**EVENT, "user_id": "", "item_id": "", "timestamp": "then"},
        {**EVENT, "item_id": "", "timestamp": "then"},
        {**EVENT, "timestamp": "then", "price": "-1"},
        {**EVENT, "price": "-1", "propensity": "7"},
    ]
    sifted = sift(written(rows), event_rules())
    assert rejected(sifted) == [
        (2, "user_id", contract.MISSING_USER, ""),
        (3, "item_id", contract.MISSING_ITEM, ""),
        (4, "timestamp", contract.UNREADABLE_TIMESTAMP, "then"),
        (5, "price", contract.NEGATIVE_PRICE, "-1"),
    ]
    assert sifted.counts["ignore", contract.OTHER_EVENT_TYPE] == 1
    assert (len(sifted.kept), sum(sifted.counts.values())) == (0, 5)


def test_values_are_shown_as_the_shop_wrote_them() -> None:
    table = pa.table(
        {
            "kunde": ["u"] * 5,
            "art": ["Kauf ", " kauf", "kauf", "kauf", "kauf"],
            "preis": [1.5, -2.25, None, 3, 4],
            "a": ["x", "x", "", " ", "x"],
            "b": ["y", "y", None, "", None],
            "menge": [1, 2, 3, 4, -5],
        }
    )
    columns = {"user_id": "kunde", "event_type": "art", "price": "preis", "item_id": ["a", "b"], "quantity": "menge"}
    values = {"event_type": {"Kauf": "buy", "kauf": "buy"}}
    sifted = sift(table, event_rules(returns="drop"), columns=columns, values=values, order="file")
    assert rejected(sifted) == [
        (3, "a + b", contract.MISSING_ITEM, ""),
        (4, "a + b", contract.MISSING_ITEM, ""),
        (2, "preis", contract.NEGATIVE_PRICE, "-2.25"),
        (5, "menge", contract.RETURN, "-5"),
    ]
    assert sifted.kept.select(["item_id", "event_type"]).to_pylist() == [{"item_id": "x y", "event_type": "buy"}]


def test_malformed_rows_are_bad_and_stand_whole_in_the_file() -> None:
    malformed = [MalformedRow(2, "u,i"), MalformedRow(9, "{", contract.NOT_JSON), MalformedRow(4, "u,i,buy,1,2")]
    sifted = sift(written([EVENT]), event_rules(), malformed=malformed)
    assert sorted(rejected(sifted)) == [
        (2, "", contract.WRONG_FIELD_COUNT, "u,i"),
        (4, "", contract.WRONG_FIELD_COUNT, "u,i,buy,1,2"),
        (9, "", contract.NOT_JSON, "{"),
    ]
    assert sifted.counts == {("quarantine", contract.WRONG_FIELD_COUNT): 2, ("quarantine", contract.NOT_JSON): 1}
    assert (sifted.rows_read, len(sifted.kept)) == (4, 1)


def hide(ids: pa.Array) -> pa.Array:
    return hash_ids(ids, KEY)


def test_hidden_users_are_nowhere() -> None:
    rows = [EVENT, {**EVENT, "user_id": "eve", "item_id": ""}, {**EVENT, "user_id": "eve", "timestamp": "then"}]
    malformed = [MalformedRow(4, "eve,i")]
    sifted = sift(written(rows), event_rules(), malformed=malformed, hide_users=hide)
    assert sifted.kept["user_id"].to_pylist() == hide(pa.array(["u"])).to_pylist()
    assert rejected(sifted) == [
        (4, "", contract.WRONG_FIELD_COUNT, ""),
        (2, "item_id", contract.MISSING_ITEM, ""),
        (3, "timestamp", contract.UNREADABLE_TIMESTAMP, "then"),
    ]


@pytest.mark.parametrize("user", ["", " ", "\t", None])
def test_guests_do_not_become_one_user_by_hashing(user: str | None) -> None:
    sifted = sift(written([{**EVENT, "user_id": user}, EVENT]), event_rules(), hide_users=hide)
    assert rejected(sifted) == [(1, "user_id", contract.MISSING_USER, "")]


def test_what_is_dropped_is_not_shown_in_a_malformed_row_either() -> None:
    malformed = [MalformedRow(2, "u,i,buy,1,eve@example.com,")]
    table = written([{**EVENT, "mail": "adam@example.com"}])
    assert rejected(sift(table, event_rules(), malformed=malformed, drop=["mail"])) == [
        (2, "", contract.WRONG_FIELD_COUNT, "")
    ]


@pytest.mark.parametrize("hide_users", [None, hide])
def test_forgotten_users_are_counted_and_never_shown(hide_users: Callable[[pa.Array], pa.Array] | None) -> None:
    stored = pa.array(["eve"]) if hide_users is None else hide_users(pa.array(["eve"]))

    def forgotten(ids: pa.Array) -> np.ndarray:
        return np.array([each == stored[0].as_py() for each in ids.to_pylist()])

    rows = [{**EVENT, "user_id": "eve"}, {**EVENT, "user_id": "eve", "timestamp": "then"}, EVENT]
    sifted = sift(written(rows), event_rules(), hide_users=hide_users, forgotten=forgotten)
    assert (sifted.rows.tolist(), rejected(sifted)) == ([3], [])
    assert sifted.counts == {("ignore", contract.FORGOTTEN_USER): 2}


def test_users_table() -> None:
    rows = [{"user_id": each, "age": age} for each, age in (("a", "40"), ("b", "old"), ("a", "41"), ("", "1"))]
    sifted = sift(written(rows), UserRules(), USER_COLUMNS, own_columns={"age": "number"})
    assert sifted.kept.to_pylist() == [{"user_id": "a", "age": 40.0}]
    assert sorted(rejected(sifted)) == [
        (2, "age", contract.NOT_A_NUMBER, "old"),
        (3, "user_id", contract.DUPLICATE_USER, "a"),
        (4, "user_id", contract.MISSING_USER, ""),
    ]


def test_the_place_in_the_file_is_the_time_where_there_is_no_other() -> None:
    table = written([EVENT, {**EVENT, "user_id": ""}, EVENT]).drop(["timestamp"])
    sifted = sift(table, event_rules(has_clock=False), file_number=2, order="file")
    assert sifted.kept["timestamp"].to_pylist() == [2 * FILE_ORDER_STEP + 1, 2 * FILE_ORDER_STEP + 3]


def test_columns_that_another_file_has_hold_missing_values() -> None:
    names = ["user_id", "item_id", "event_type", "timestamp", "price", "query", "position"]
    sifted = sift(written([EVENT]), event_rules(), written=names)
    assert sifted.kept.column_names == names
    assert sifted.kept.schema.types == [*[pa.string()] * 3, pa.int64(), pa.float64(), pa.string(), pa.int64()]
    assert sifted.kept.drop(["price"]).to_pylist() == [{**EVENT, "timestamp": 1, "query": "", "position": -1}]
    assert np.isnan(sifted.kept["price"].to_numpy()).all()


def test_only_the_columns_that_are_needed_are_read() -> None:
    table = written([{**EVENT, "mail": "m", "price": "1", "colour": "red", "size": "xl"}])
    config = TableConfig(path="shop.csv", drop=["mail", "price"], own_columns={"colour": "text"})
    sieve = Sieve(Rows(table), config, EVENT_COLUMNS, event_rules())
    assert sieve.parts == ["user_id", "item_id", "event_type", "timestamp", "colour"]
    assert sieve.schema.names == sieve.parts
    assert (sieve.order, sieve.schema.field("timestamp").type) == ("clock", pa.int64())


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"user_id": pa.array([[1]])}, "column user_id: type list<item: int64> cannot be read as user_id"),
        ({"timestamp": pa.array([[1]])}, "column timestamp: type list<item: int64> cannot be read as timestamp"),
        ({"price": pa.array([{"eur": 1}])}, "column price: type struct<eur: int64> cannot be read as price"),
    ],
)
def test_a_column_of_another_type(columns: dict[str, pa.Array], line: str) -> None:
    table = pa.table({**{name: pa.array([value]) for name, value in EVENT.items()}, **columns})
    with pytest.raises(DataError) as caught:
        sift(table, event_rules())
    assert str(caught.value) == f"shop.csv: {line}"


def test_parts_that_cannot_be_joined() -> None:
    table = pa.table({**{name: pa.array([value]) for name, value in EVENT.items()}, "codes": pa.array([{"ean": 1}])})
    with pytest.raises(DataError, match=r"^shop.csv: column item_id \+ codes: a part of it cannot be read as text$"):
        sift(table, event_rules(), columns={"item_id": ["item_id", "codes"]})


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_batches_make_no_difference(batch_rows: int) -> None:
    rows = [{"item_id": each, "title": str(row), "price": "-1" if row == 0 else ""} for row, each in enumerate("aabba")]
    reader = Rows(written(rows), batch_rows)
    sieve = Sieve(reader, TableConfig(path="shop.csv"), ITEM_COLUMNS, ItemRules(RulesConfig()))
    sifted = [sieve.sift(batch) for batch in reader.batches(sieve.parts)]
    assert pa.concat_tables(each.kept for each in sifted)["title"].to_pylist() == ["1", "2"]
    assert sorted(row for each in sifted for row in rejected(each)) == [
        (1, "price", contract.NEGATIVE_PRICE, "-1"),
        (4, "item_id", contract.DUPLICATE_ITEM, "b"),
        (5, "item_id", contract.DUPLICATE_ITEM, "a"),
    ]


def test_an_empty_batch() -> None:
    sieve = Sieve(Rows(written([EVENT])), TableConfig(path="shop.csv"), EVENT_COLUMNS, event_rules(["i"]))
    nothing = pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in sieve.parts], names=sieve.parts)
    sifted = sieve.sift(Batch(np.array([], np.int64), nothing))
    assert (len(sifted.kept), len(sifted.rejected), sifted.rows_read, sifted.counts) == (0, 0, 0, {})
    assert sifted.kept.schema.equals(sieve.schema)
