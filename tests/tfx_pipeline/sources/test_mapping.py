"""The shop's columns onto the contract's."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.config import TableConfig
from tfx_pipeline.sources.contract import EVENT_COLUMNS, ITEM_COLUMNS, Column
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.mapping import Binding, bind, raw_values

SHOP = TableConfig(
    path=Path("shop.csv"),
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
            "available",
        ),
        (
            {"title": "label"},
            {"colour": "red"},
            "shop.csv: constants maps 'colour', which is none of item_id, title, description, category, brand, price, "
            "available",
        ),
        ({"title": "label"}, {"title": "x"}, "shop.csv: 'title' is both in columns and in constants"),
    ],
)
def test_a_mapping_that_does_not_fit(columns: dict[str, str | list[str]], constants: dict[str, str], line: str) -> None:
    table = TableConfig(path=Path("shop.csv"), columns=columns, constants=constants)
    with pytest.raises(DataError) as caught:
        bind(table, ITEM_COLUMNS, ["item_id", "label"])
    assert str(caught.value) == line


Part = st.none() | st.text("ab >", max_size=4)


@settings(deadline=None)
@given(st.lists(st.tuples(Part, Part, Part)), st.sampled_from(["path", "text"]))
def test_joined_columns_skip_empty_parts(rows: list[tuple[str | None, ...]], kind: str) -> None:
    column = Column("category", kind)  # type: ignore[arg-type]
    names = ("a", "b", "c")
    records = pa.record_batch([pa.array([row[i] for row in rows], pa.string()) for i in range(3)], names=names)
    separator = " > " if kind == "path" else " "
    expected = [separator.join(part.strip() for part in row if part and part.strip()) for row in rows]
    assert raw_values(Binding(column, names), records).to_pylist() == expected


def test_a_constant_fills_every_row() -> None:
    records = pa.record_batch([pa.array([1, 2])], names=["a"])
    binding = Binding(Column("event_type", "id"), (), "purchase")
    assert raw_values(binding, records).to_pylist() == ["purchase", "purchase"]
    assert binding.source == "event_type"
