"""Examples of the catalogue; prices must come from the training events alone."""

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline import item_examples
from tfx_pipeline.item_examples import build_item_examples, merge_price_sums
from trainer.features import ITEM_EXAMPLE

NAN = float("nan")
CUT = 10
Sale = tuple[str, int, float]

sales = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 2 * CUT), st.one_of(st.just(NAN), st.integers(0, 50).map(float))),
    max_size=30,
)
"""Whole prices, so that the order of a sum does not matter."""


def events(rows: list[Sale]) -> pa.Table:
    return pa.table(
        {
            "item_id": pa.array([item for item, _, _ in rows], pa.string()),
            "timestamp": pa.array([time for _, time, _ in rows], pa.int64()),
            "price": pa.array([price for _, _, price in rows], pa.float64()),
        }
    )


def price_sums(events: pa.Table, before: int) -> pa.Table:
    """The sums where the eval window starts at a time."""
    return item_examples.price_sums(events, np.where(events["timestamp"].to_numpy() < before, 1, 2))


def items(ids: list[str], prices: list[float | None], **texts: list[str | None]) -> pa.Table:
    columns = {name: pa.array(texts.get(name, [""] * len(ids)), pa.string()) for name in TEXTS}
    return pa.table({"item_id": pa.array(ids, pa.string()), **columns, "price": pa.array(prices, pa.float64())})


TEXTS = ("title", "description", "category", "brand")


def by_item(sums: pa.Table) -> dict[str, tuple[float, int]]:
    return {row["item_id"]: (row["sum"] / 10_000, row["count"]) for row in sums.to_pylist()}


def expected(rows: list[Sale]) -> dict[str, tuple[float, int]]:
    known: dict[str, list[float]] = {}
    for item, time, price in rows:
        if time < CUT and not np.isnan(price):
            known.setdefault(item, []).append(price)
    return {item: (sum(prices), len(prices)) for item, prices in known.items()}


@settings(deadline=None)
@given(sales)
def test_sums_are_those_of_the_training_events(rows: list[Sale]) -> None:
    assert by_item(price_sums(events(rows), CUT)) == expected(rows)


@settings(deadline=None)
@given(sales, sales)
def test_later_prices_do_not_leak(rows: list[Sale], others: list[Sale]) -> None:
    later = [(item, time + CUT, price) for item, time, price in others]
    assert by_item(price_sums(events(rows + later), CUT)) == by_item(price_sums(events(rows), CUT))


def test_a_price_at_the_boundary_is_not_of_the_training_window() -> None:
    assert by_item(price_sums(events([("a", CUT - 1, 2.0), ("a", CUT, 50.0)]), CUT)) == {"a": (2.0, 1)}


def test_a_price_that_is_no_number_is_left_out() -> None:
    table = events([("a", 1, 2.0), ("a", 1, NAN), ("a", 1, float("inf")), ("b", 1, NAN)])

    assert by_item(price_sums(table, CUT)) == {"a": (2.0, 1)}


def test_events_without_prices_have_no_sums() -> None:
    assert by_item(price_sums(events([("a", 1, 2.0)]).drop(["price"]), CUT)) == {}


@settings(deadline=None)
@given(sales, sales, sales)
def test_merging_is_associative_and_equals_the_whole(first: list[Sale], second: list[Sale], third: list[Sale]) -> None:
    a, b, c = (price_sums(events(rows), CUT) for rows in (first, second, third))
    left = merge_price_sums([merge_price_sums([a, b]), c])
    right = merge_price_sums([a, merge_price_sums([b, c])])
    assert by_item(left) == by_item(right) == by_item(merge_price_sums(iter([c, a, b]))) == expected(
        first + second + third
    )  # fmt: skip
    assert left.schema == a.schema == right.schema


def test_merging_nothing_is_the_neutral_element() -> None:
    nothing = merge_price_sums([])
    some = price_sums(events([("a", 1, 2.0)]), CUT)
    assert len(nothing) == 0
    assert by_item(merge_price_sums([nothing, some])) == {"a": (2.0, 1)}


@pytest.mark.parametrize(
    "sums",
    [
        price_sums(events([("a", CUT, 2.0)]), CUT),
        price_sums(events([]), CUT),
        merge_price_sums([]),
        merge_price_sums([merge_price_sums([]), merge_price_sums([])]),
    ],
    ids=["no training event", "no event", "nothing merged", "nothing merged twice"],
)
def test_sums_of_nothing_are_small_when_they_travel(sums: pa.Table) -> None:
    """Arrow 10 groups no rows into a column of text that pickles to 2 GB."""
    sums.validate(full=True)
    assert len(pickle.dumps(sums)) < 2_000


def examples(table: pa.Table, rows: list[Sale]) -> list[dict[str, Any]]:
    sums = merge_price_sums([price_sums(events(rows), CUT)])
    return build_item_examples(table, sums).to_pylist()


def test_a_catalogue() -> None:
    table = items(
        ["007", "b"],
        [2.5, NAN],
        title=["Grüner Tee", "Bread"],
        description=["", "Fresh"],
        category=["food > tea", ""],
        brand=[None, "Oven"],
    )
    assert examples(table, [("b", 1, 1.0), ("b", 2, 2.0), ("007", 1, 9.0)]) == [
        {
            "item_id": [b"007"],
            "title": ["Grüner Tee".encode()],
            "description": [],
            "category": [b"food > tea"],
            "brand": [],
            "price": [2.5],
        },
        {
            "item_id": [b"b"],
            "title": [b"Bread"],
            "description": [b"Fresh"],
            "category": [],
            "brand": [b"Oven"],
            "price": [1.5],
        },
    ]


@pytest.mark.parametrize(
    ("own", "rows", "price"),
    [
        (3.0, [("a", 1, 1.0)], [3.0]),
        (0.0, [("a", 1, 1.0)], [0.0]),
        (NAN, [("a", 1, 1.0), ("a", 2, 4.0)], [2.5]),
        (None, [("a", 1, 1.0)], [1.0]),
        (NAN, [("a", CUT, 1.0)], []),
        (NAN, [("other", 1, 1.0)], []),
        (NAN, [], []),
    ],
    ids=["own price", "own price of zero", "mean of events", "null", "only later", "only of others", "no events"],
)
def test_where_a_price_comes_from(own: float | None, rows: list[Sale], price: list[float]) -> None:
    assert examples(items(["a"], [own]), rows)[0]["price"] == price


@settings(deadline=None)
@given(sales, st.lists(st.one_of(st.just(NAN), st.integers(0, 9).map(float)), min_size=4, max_size=4))
def test_every_item_has_its_own_mean(rows: list[Sale], own: list[float]) -> None:
    means = {item: total / count for item, (total, count) in expected(rows).items()}
    built = examples(items(list("dcab"), own), rows)
    assert [example["item_id"] for example in built] == [[b"d"], [b"c"], [b"a"], [b"b"]]
    for example, price, item in zip(built, own, "dcab", strict=True):
        wanted = means.get(item, NAN) if np.isnan(price) else price
        assert example["price"] == ([] if np.isnan(wanted) else [np.float32(wanted)])


@pytest.mark.parametrize("ids", [["a", "b"], []], ids=["items", "no items"])
def test_the_columns_are_those_of_the_feature_definitions(ids: list[str]) -> None:
    kinds = {"string": pa.binary(), "float": pa.float32()}
    batch = build_item_examples(items(ids, [NAN] * len(ids)), merge_price_sums([]))
    assert batch.schema.names == [feature.name for feature in ITEM_EXAMPLE]
    assert [field.type.value_type for field in batch.schema] == [kinds[feature.kind] for feature in ITEM_EXAMPLE]
    assert batch.num_rows == len(ids)


def test_input_in_several_chunks_is_one_table() -> None:
    table = items(["a", "b", "c"], [1.0, NAN, 3.0], title=["x", "", "z"])
    chunked = pa.concat_tables([table[:1], table[1:]])
    sums = price_sums(events([("b", 1, 2.0)]), CUT)
    assert build_item_examples(chunked, sums).equals(build_item_examples(table, sums))
