"""The shop's columns onto the contract's."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources.contract import EVENT_COLUMNS, ITEM_COLUMNS, Column
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.mapping import Binding, Order, bind, raw_values
from tfx_pipeline.table_config import TableConfig

SHOP = TableConfig(
    path="shop.csv",
    columns={"user_id": "kunde", "item_id": "artikel", "timestamp": "zeit"},
    constants={"event_type": "purchase"},
)


def test_mapped_constant_and_own_names() -> None:
    bindings = bind(SHOP, EVENT_COLUMNS, ["zeit", "artikel", "kunde", "price", "colour", "event_type"])
    found = {binding.column.name: (binding.parts, binding.constant) for binding in bindings}
    assert found == {
        "user_id": (("kunde",), None),
        "item_id": (("artikel",), None),
        "event_type": ((), "purchase"),
        "timestamp": (("zeit",), None),
        "price": (("price",), None),
    }


@pytest.mark.parametrize(
    ("columns", "constants", "line"),
    [
        ({"title": "name"}, {}, "shop.csv: title needs column 'name', but the file has item_id, label"),
        ({}, {}, "shop.csv: title needs column 'title', but the file has item_id, label"),
        ({"title": []}, {}, "shop.csv: title needs at least one column, but its mapping is empty"),
        (
            {"title": "label", "category": ["label", "a", "b"]},
            {},
            "shop.csv: category needs column 'a', 'b', but the file has item_id, label",
        ),
        (
            {"titel": "label"},
            {},
            "shop.csv: columns maps 'titel', which is none of item_id, title, description, category, brand, price, "
            "available, image_embedding",
        ),
        (
            {"title": "label"},
            {"colour": "red"},
            "shop.csv: constants maps 'colour', which is none of item_id, title, description, category, brand, price, "
            "available, image_embedding",
        ),
        ({"title": "label"}, {"title": "x"}, "shop.csv: 'title' is both in columns and in constants"),
    ],
)
def test_a_mapping_that_does_not_fit(columns: dict[str, str | list[str]], constants: dict[str, str], line: str) -> None:
    table = TableConfig(path="shop.csv", columns=columns, constants=constants)
    with pytest.raises(DataError) as caught:
        bind(table, ITEM_COLUMNS, ["item_id", "label"])
    assert str(caught.value) == line


LOG = ["user_id", "item_id", "event_type", "timestamp", "price", "mail"]
UNFIT = [
    (
        {"drop": ["mail"], "columns": {"query": "mail"}},
        LOG,
        "query needs column 'mail', which drop takes out",
    ),
    ({"drop": ["timestamp"]}, LOG, "timestamp needs column 'timestamp', which drop takes out"),
    (
        {"own_columns": {"colour": "text"}},
        LOG,
        "colour needs column 'colour', but the file has user_id, item_id, event_type, timestamp, price, mail",
    ),
    ({"own_columns": {"price": "number"}}, LOG, "own column 'price' has a name that the data contract takes"),
    ({"own_columns": {"window": "number"}}, LOG, "own column 'window' has a name that the data contract takes"),
    ({"own_columns": {"returned_at": "text"}}, LOG, "own column 'returned_at' has a name that the data contract takes"),
    ({"own_columns": {"sequence": "number"}}, LOG, "own column 'sequence' has a name that the data contract takes"),
    (
        {"values": {"type": {"pv": "view"}}},
        LOG,
        "values maps 'type', which is none of user_id, item_id, event_type, timestamp, basket_id, price, quantity, "
        "query, session_id, position, propensity, request_id",
    ),
    (
        {"order": "file", "columns": {"timestamp": "timestamp"}},
        LOG,
        "order is 'file', but timestamp or sequence is mapped as well",
    ),
    (
        {"order": "file", "columns": {"sequence": "price"}},
        LOG,
        "order is 'file', but timestamp or sequence is mapped as well",
    ),
    (
        {"order": "file", "constants": {"timestamp": "2017-01-01"}},
        LOG,
        "order is 'file', but timestamp or sequence is mapped as well",
    ),
    (
        {"columns": {"sequence": "price"}},
        LOG,
        "sequence is mapped, but the events have a timestamp; drop one of the two",
    ),
    (
        {"columns": {"sequence": "step"}},
        LOG[:3],
        "sequence needs column 'step', but the file has user_id, item_id, event_type",
    ),
    ({}, LOG[:3], "timestamp needs column 'timestamp', but the file has user_id, item_id, event_type"),
]


@pytest.mark.parametrize(("settings", "available", "line"), UNFIT)
def test_events_that_do_not_fit(settings: dict[str, Any], available: list[str], line: str) -> None:
    with pytest.raises(DataError) as caught:
        bind(TableConfig(path="shop.csv", **settings), EVENT_COLUMNS, available)
    assert str(caught.value) == f"shop.csv: {line}"


ORDERS: list[tuple[dict[str, Any], list[str], Order, tuple[str, ...]]] = [
    ({}, LOG, "clock", ("timestamp",)),
    ({}, [*LOG, "sequence"], "clock", ("timestamp",)),
    ({"drop": ["timestamp"]}, [*LOG, "sequence"], "sequence", ("sequence",)),
    ({"columns": {"sequence": "step"}}, [*LOG[:3], "step"], "sequence", ("step",)),
    ({}, [*LOG[:3], "sequence"], "sequence", ("sequence",)),
    ({"order": "file"}, LOG, "file", ()),
    ({"order": "file"}, LOG[:3], "file", ()),
]


@pytest.mark.parametrize(("settings", "available", "order", "parts"), ORDERS)
def test_what_tells_the_order_of_events(
    settings: dict[str, Any], available: list[str], order: Order, parts: tuple[str, ...]
) -> None:
    bindings = bind(TableConfig(path="shop.csv", **settings), EVENT_COLUMNS, available)
    (time,) = [binding for binding in bindings if binding.column.name == "timestamp"]
    assert (time.order, time.parts, time.column.kind) == (order, parts, "time" if order == "clock" else "whole")
    assert {binding.order for binding in bindings if binding is not time} == {"clock"}


def test_own_columns_follow_the_contract() -> None:
    table = TableConfig(
        path="shop.csv",
        columns={"margin": "marge"},
        constants={"country": "DE"},
        own_columns={"mail": "text", "margin": "number", "country": "text"},
    )
    own = bind(table, EVENT_COLUMNS, [*LOG, "marge"])[-3:]
    assert own == [
        Binding(Column("mail", "text"), ("mail",)),
        Binding(Column("margin", "number"), ("marge",)),
        Binding(Column("country", "text"), (), "DE"),
    ]


Part = st.none() | st.text("ab >", max_size=4)


def plain_table(**settings: Any) -> TableConfig:
    return TableConfig(path="shop.csv", **settings)


def column_values(column_of_shop: pa.Array, kind: str, **settings: Any) -> list[Any]:
    column = Column("category", kind)  # type: ignore[arg-type]
    records = pa.record_batch([column_of_shop], names=["a"])
    found: list[Any] = raw_values(Binding(column, ("a",)), records, plain_table(**settings)).to_pylist()
    return found


@settings(deadline=None)
@given(st.lists(st.tuples(Part, Part, Part)))
def test_joined_columns_skip_empty_parts(rows: list[tuple[str | None, ...]]) -> None:
    names = ("a", "b", "c")
    records = pa.record_batch([pa.array([row[i] for row in rows], pa.string()) for i in range(3)], names=names)
    words = [[part.strip() for part in row if part and part.strip()] for row in rows]
    joined = raw_values(Binding(Column("title", "text"), names), records, plain_table())
    assert joined.to_pylist() == [" ".join(row) for row in words]
    levels = [[level.strip() for part in row for level in part.split(">") if level.strip()] for row in words]
    paths = raw_values(Binding(Column("category", "path"), names), records, plain_table())
    assert paths.to_pylist() == [" > ".join(row) for row in levels]


@pytest.mark.parametrize(
    ("separator", "written", "expected"),
    [
        (
            ">",
            ["a>b", " a > b ", "a >> b > ", ">", "", None, "a\u00a0>b"],
            ["a > b", "a > b", "a > b", "", "", "", "a > b"],
        ),
        ("/", ["Food/Drink", "a > b"], ["Food > Drink", "a > b"]),
        ("|", ["Drama|Sci-Fi", "(no genres listed)"], ["Drama > Sci-Fi", "(no genres listed)"]),
        (" - ", ["T-Shirts - Blue"], ["T-Shirts > Blue"]),
    ],
)
def test_levels_of_a_path(separator: str, written: list[str | None], expected: list[str]) -> None:
    for values in (pa.array(written), pa.array(written).dictionary_encode()):
        assert column_values(values, "path", category_separator=separator) == expected


def test_lists_are_joined() -> None:
    words = pa.array([["Tools ", None, "", "Saws / Blades"], None, []])
    assert column_values(words, "path", category_separator="/") == ["Tools > Saws / Blades", "", ""]
    assert column_values(words, "text") == ["Tools Saws / Blades", "", ""]
    nested = pa.array([[["Tools", "Saws"], ["Tools", "Blades"]], [], None, [[]], [["a"]]])
    assert column_values(nested, "path") == ["Tools > Saws", "", "", "", "a"]


def test_a_list_may_be_a_part() -> None:
    records = pa.record_batch([pa.array([["a", "b"], []]), pa.array(["c>d", "e"])], names=["x", "y"])
    binding = Binding(Column("category", "path"), ("x", "y"))
    assert raw_values(binding, records, plain_table()).to_pylist() == ["a > b > c > d", "e"]


TRANSLATIONS = {"values": {"category": {"pv": "view", "1": "one", "Food/Drink": "Kitchen/Food"}}}


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array(["pv", " pv ", "PV", "view", None, "buy"]), "id", ["view", "view", "PV", "view", "", "buy"]),
        (pa.array(["pv", "buy"]).dictionary_encode(), "id", ["view", "buy"]),
        (pa.array([1, 2, None]), "id", ["one", "2", ""]),
        (pa.array([1.0, 2.5]), "text", ["one", "2.5"]),
        (pa.array(["Food/Drink", "Food/Bread"]), "path", ["Kitchen > Food", "Food > Bread"]),
        (pa.array([["pv"], ["pv", "pv"]]), "text", ["view", "pv pv"]),
    ],
)
def test_values_are_translated(values: pa.Array, kind: str, expected: list[str]) -> None:
    assert column_values(values, kind, category_separator="/", **TRANSLATIONS) == expected


def test_joined_values_are_translated_as_a_whole() -> None:
    records = pa.record_batch([pa.array(["a", "a"]), pa.array(["b", "c"])], names=["x", "y"])
    table = plain_table(values={"title": {"a b": "ab", "a": "never"}})
    assert raw_values(Binding(Column("title", "text"), ("x", "y")), records, table).to_pylist() == ["ab", "a c"]


def test_a_column_without_text_cannot_be_joined() -> None:
    records = pa.record_batch([pa.array([{"a": 1}]), pa.array(["b"])], names=["x", "y"])
    with pytest.raises(pa.ArrowException):
        raw_values(Binding(Column("title", "text"), ("x", "y")), records, plain_table())


def test_other_columns_stay_as_they_are() -> None:
    values = pa.array([[0.5, 1.0], None])
    assert column_values(values, "vector") == [[0.5, 1.0], None]
    assert column_values(pa.array([1, None]), "number") == [1, None]


def test_a_constant_fills_every_row() -> None:
    records = pa.record_batch([pa.array([1, 2])], names=["a"])
    binding = Binding(Column("event_type", "id"), (), "purchase")
    assert raw_values(binding, records, plain_table()).to_pylist() == ["purchase", "purchase"]
    assert binding.source == "event_type"
