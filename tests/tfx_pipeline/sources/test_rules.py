"""What is kept of the rows of each table."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import contract
from tfx_pipeline.sources.checks import Failure, first_failure
from tfx_pipeline.sources.contract import EVENT_COLUMNS, ITEM_COLUMNS, JUDGMENT_COLUMNS, USER_COLUMNS, Column
from tfx_pipeline.sources.conversion import Columns, convert
from tfx_pipeline.sources.id_set import IdSet
from tfx_pipeline.sources.rules import EventRules, ItemRules, JudgmentRules, Rules, UserRules
from tfx_pipeline.table_config import RulesConfig, TableConfig

NOW = 1_500_000_000
EVENT = {"user_id": "u", "item_id": "i", "event_type": "purchase", "timestamp": str(NOW)}
KINDS = {column.name: column for column in (*ITEM_COLUMNS, *USER_COLUMNS, *JUDGMENT_COLUMNS, *EVENT_COLUMNS)}
OWN = {"margin": Column("margin", "number"), "colour": Column("colour", "text")}
PLACE = Column("timestamp", "whole", required=True)


def batch(rows: list[dict[str, Any]], time: Column = KINDS["timestamp"]) -> Columns:
    columns = {**KINDS, **OWN, "timestamp": time}
    table = TableConfig(path="shop.csv")
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: convert(columns[name], pa.array([row.get(name) for row in rows]), table) for name in names}


def verdicts(rules: Rules, columns: Columns) -> list[tuple[str, str, str] | None]:
    """Reason, column and action for each row; None for a row to keep."""
    columns = rules.cleaned(columns)
    failures = rules(columns)
    length = len(next(iter(columns.values())).values)
    claimed = [failures[position] if position >= 0 else None for position in first_failure(failures, length)]
    return [None if failure is None else (failure.reason, failure.column, failure.action) for failure in claimed]


def event_rules(known: list[str] | None = None, has_clock: bool = True, **actions: Any) -> EventRules:
    known_items = None if known is None else pa.array(known, pa.string())
    known = None if known_items is None else IdSet(known_items)
    return EventRules(["purchase", "view"], known, RulesConfig(**actions), NOW, has_clock)


BAD_EVENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"event_type": " "}, contract.MISSING_EVENT_TYPE, "event_type"),
    ({"event_type": None}, contract.MISSING_EVENT_TYPE, "event_type"),
    ({"item_id": None}, contract.MISSING_ITEM, "item_id"),
    ({"item_id": "\t"}, contract.MISSING_ITEM, "item_id"),
    ({"item_id": "i\n"}, contract.LINE_BREAK_IN_ID, "item_id"),
    ({"user_id": "u\rv"}, contract.LINE_BREAK_IN_ID, "user_id"),
    ({"timestamp": None}, contract.UNREADABLE_TIMESTAMP, "timestamp"),
    ({"timestamp": "yesterday"}, contract.UNREADABLE_TIMESTAMP, "timestamp"),
    ({"price": "3,50"}, contract.NOT_A_NUMBER, "price"),
    ({"quantity": "two"}, contract.NOT_A_NUMBER, "quantity"),
    ({"position": "1.5"}, contract.NOT_A_NUMBER, "position"),
    ({"position": "-1"}, contract.NOT_A_NUMBER, "position"),
    ({"propensity": "high"}, contract.NOT_A_NUMBER, "propensity"),
    ({"propensity": "0"}, contract.PROPENSITY_OUT_OF_RANGE, "propensity"),
    ({"propensity": "1.01"}, contract.PROPENSITY_OUT_OF_RANGE, "propensity"),
    ({"margin": "big"}, contract.NOT_A_NUMBER, "margin"),
]


@pytest.mark.parametrize(("change", "reason", "column"), BAD_EVENTS)
def test_bad_events(change: dict[str, Any], reason: str, column: str) -> None:
    columns = batch([EVENT, {**EVENT, **change}, EVENT])
    assert verdicts(event_rules(), columns) == [None, (reason, column, "quarantine"), None]


SWITCHED: list[tuple[str, dict[str, Any], str, str, list[str]]] = [
    ("missing_users", {"user_id": None}, contract.MISSING_USER, "user_id", ["quarantine", "drop", "ignore"]),
    (
        "unknown_event_types",
        {"event_type": "click"},
        contract.OTHER_EVENT_TYPE,
        "event_type",
        ["quarantine", "drop", "ignore"],
    ),
    ("unlisted_items", {"item_id": "j"}, contract.UNKNOWN_ITEM, "item_id", ["quarantine", "drop", "ignore", "keep"]),
    (
        "future_times",
        {"timestamp": str(NOW + 1)},
        contract.FUTURE_TIME,
        "timestamp",
        ["quarantine", "drop", "ignore", "keep"],
    ),
    ("negative_prices", {"price": "-1"}, contract.NEGATIVE_PRICE, "price", ["quarantine", "drop", "ignore", "keep"]),
    ("returns", {"quantity": "-1"}, contract.RETURN, "quantity", ["quarantine", "drop", "ignore", "cancel"]),
]


@pytest.mark.parametrize(("rule", "change", "reason", "column", "actions"), SWITCHED)
def test_switched_events(rule: str, change: dict[str, Any], reason: str, column: str, actions: list[str]) -> None:
    columns = batch([{**EVENT, **change}, EVENT])
    for action in actions:
        switch: dict[str, Any] = {rule: action}
        expected = None if action in ("keep", "cancel") else (reason, column, action)
        assert verdicts(event_rules(["i"], **switch), columns) == [expected, None]


def test_what_the_rules_say_by_default() -> None:
    changes = [change for _, change, *_ in SWITCHED]
    found = verdicts(event_rules(["i"]), batch([{**EVENT, **change} for change in changes]))
    actions = [None if failure is None else failure[2] for failure in found]
    assert actions == ["quarantine", "ignore", "quarantine", "quarantine", "quarantine", None]


def test_the_type_of_an_event_claims_it_first() -> None:
    row = {"user_id": None, "item_id": None, "event_type": "click", "timestamp": None, "price": "-1"}
    assert verdicts(event_rules([]), batch([row])) == [(contract.OTHER_EVENT_TYPE, "event_type", "ignore")]


def test_without_an_items_table_every_item_is_listed() -> None:
    assert verdicts(event_rules(None), batch([{**EVENT, "item_id": "anything"}])) == [None]


def test_missing_optional_values_are_fine() -> None:
    row = dict.fromkeys(["price", "quantity", "position", "propensity", "query", "margin", "colour", "basket_id"])
    assert verdicts(event_rules(), batch([{**EVENT, **row}])) == [None]


@pytest.mark.parametrize("place", [None, "", "-1", "1.5", "first"])
def test_a_place_in_the_order_is_a_whole_number(place: str | None) -> None:
    columns = batch([{**EVENT, "timestamp": place}, {**EVENT, "timestamp": str(NOW + 10**9)}], PLACE)
    expected = (contract.UNREADABLE_SEQUENCE, "timestamp", "quarantine")
    assert verdicts(event_rules(has_clock=False), columns) == [expected, None]


@pytest.mark.parametrize("rules", [event_rules(negative_prices="keep"), ItemRules(RulesConfig(negative_prices="keep"))])
def test_a_negative_price_that_is_kept_is_not_known(rules: Rules) -> None:
    row = {**EVENT, "title": "t"}
    columns = batch([{**row, "price": price} for price in ("-1", "2", None, "-0")])
    np.testing.assert_array_equal(rules.cleaned(columns)["price"].values, [np.nan, 2.0, np.nan, 0.0])
    assert rules.cleaned(columns)["price"].unreadable.tolist() == [False] * 4
    assert event_rules().cleaned(columns) is columns


def test_translated_values_count_as_one() -> None:
    """Two of the shop's values may become one of the contract's; the dictionary then holds it twice."""
    encoded = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["a", "a"]))
    columns = {"user_id": convert(KINDS["user_id"], encoded, TableConfig(path="shop.csv"))}
    duplicate = (contract.DUPLICATE_USER, "user_id", "quarantine")
    assert verdicts(UserRules(), columns) == [None, duplicate, duplicate]


BAD_ITEMS: list[tuple[dict[str, Any], str, str]] = [
    ({"item_id": None}, contract.MISSING_ITEM, "item_id"),
    ({"item_id": "a\nb"}, contract.LINE_BREAK_IN_ID, "item_id"),
    ({"price": "-0.01"}, contract.NEGATIVE_PRICE, "price"),
    ({"price": "free"}, contract.NOT_A_NUMBER, "price"),
    ({"available": "perhaps"}, contract.UNREADABLE_FLAG, "available"),
    ({"image_embedding": "0.5;1"}, contract.NOT_A_VECTOR, "image_embedding"),
    ({"margin": "big"}, contract.NOT_A_NUMBER, "margin"),
    ({"item_id": "1"}, contract.DUPLICATE_ITEM, "item_id"),
]


@pytest.mark.parametrize(("change", "reason", "column"), BAD_ITEMS)
def test_bad_items(change: dict[str, Any], reason: str, column: str) -> None:
    rules = ItemRules(RulesConfig())
    rows = [{"item_id": str(i), "title": "t"} for i in (1, 2, 3)]
    rows[1] = {**rows[1], **change}
    assert verdicts(rules, batch(rows)) == [None, (reason, column, "quarantine"), None]
    assert rules.kept.to_pylist() == ["1", "3"]


def test_a_bad_row_does_not_take_the_id_of_a_later_one() -> None:
    rules = ItemRules(RulesConfig(duplicate_items="ignore"))
    rows = [{"item_id": "1", "price": "-1"}, {"item_id": "1", "price": "1"}, {"item_id": "1", "price": "2"}]
    negative = (contract.NEGATIVE_PRICE, "price", "quarantine")
    duplicate = (contract.DUPLICATE_ITEM, "item_id", "ignore")
    assert verdicts(rules, batch(rows)) == [negative, None, duplicate]
    assert verdicts(rules, batch(rows)) == [negative, duplicate, duplicate]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1)))
def test_the_first_row_of_an_id_stays_whatever_the_batches(batches: list[list[str]]) -> None:
    rules = ItemRules(RulesConfig())
    found = [verdict for ids in batches for verdict in verdicts(rules, batch([{"item_id": each} for each in ids]))]
    ids = [each for one in batches for each in one]
    assert [verdict is None for verdict in found] == [each not in ids[:i] for i, each in enumerate(ids)]
    assert rules.kept.to_pylist() == list(dict.fromkeys(ids))


def test_users() -> None:
    rules = UserRules()
    rows: list[dict[str, Any]] = [{"user_id": user, "margin": "1"} for user in ("a", None, "b\n", "a", "c")]
    rows[4]["margin"] = "much"
    assert verdicts(rules, batch(rows)) == [
        None,
        (contract.MISSING_USER, "user_id", "quarantine"),
        (contract.LINE_BREAK_IN_ID, "user_id", "quarantine"),
        (contract.DUPLICATE_USER, "user_id", "quarantine"),
        (contract.NOT_A_NUMBER, "margin", "quarantine"),
    ]
    assert verdicts(rules, batch([{"user_id": "a"}, {"user_id": "c"}]))[1] is None


JUDGMENT = {"query": "tea", "item_id": "i", "relevance": "2"}
BAD_JUDGMENTS: list[tuple[dict[str, Any], str, str]] = [
    ({"query": " "}, contract.MISSING_QUERY, "query"),
    ({"item_id": ""}, contract.MISSING_ITEM, "item_id"),
    ({"item_id": "i\n"}, contract.LINE_BREAK_IN_ID, "item_id"),
    ({"relevance": None}, contract.MISSING_RELEVANCE, "relevance"),
    ({"relevance": "exact"}, contract.NOT_A_NUMBER, "relevance"),
    ({"item_id": "j"}, contract.UNKNOWN_ITEM, "item_id"),
]


@pytest.mark.parametrize(("change", "reason", "column"), BAD_JUDGMENTS)
def test_bad_judgments(change: dict[str, Any], reason: str, column: str) -> None:
    columns = batch([JUDGMENT, {**JUDGMENT, **change}])
    assert verdicts(JudgmentRules(pa.array(["i"])), columns) == [None, (reason, column, "quarantine")]


def test_judgments_without_an_items_table() -> None:
    assert verdicts(JudgmentRules(None), batch([{**JUDGMENT, "item_id": "j"}])) == [None]


def test_first_failure_counts_further_than_a_byte() -> None:
    none = Failure("none", "a", np.zeros(2, dtype=bool))
    failures = [*[none] * 200, Failure("late", "a", np.array([False, True]))]
    assert first_failure(failures, 2).tolist() == [-1, 200]
