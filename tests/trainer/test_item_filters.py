"""Filters against the same conditions in plain Python, and what no request asks for is not computed."""

import re
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.catalogue import Catalogue
from trainer.item_filters import Filters, ItemFilters
from trainer.retrieval_graph import RetrievalGraph

PATHS = [
    "food", "food > milk", "food > milk > whole", "food > milk > whole > organic", "food > milks", "Food", "food>bread",
    " food  >  milk ", "", "care > soap", "care", "food > milk",
]  # fmt: skip
PRICES = [1.0, 9.99, 2.5, 0.0, np.nan, 1e6, 3.0, 4.0, 5.0, np.nan, 7.0, 0.1, np.nan]
NAN = float("nan")
ITEMS = len(PATHS)


def parts(path: str) -> list[str]:
    return [part.strip() for part in path.split(">") if part.strip()]


def passes(row: int, only: list[int], category: str, lowest: float, highest: float) -> bool:
    """What a filter means, read off its description."""
    named = [one for one in only if one >= 0]
    asked, has, price = parts(category), parts(PATHS[row]), np.float32(PRICES[row])
    bounded = not (np.isnan(lowest) and np.isnan(highest))
    return (
        (not named or row in named)
        and has[: len(asked)] == asked
        and not (bounded and np.isnan(price))
        and not (not np.isnan(lowest) and price < np.float32(lowest))
        and not (not np.isnan(highest) and price > np.float32(highest))
    )


@pytest.fixture(scope="module")
def filtered(catalogue: Catalogue) -> Catalogue:
    paths, prices = np.array(PATHS, dtype=object), np.array(PRICES, np.float32)
    return replace(catalogue, category_paths=paths, shop_prices=prices)


@pytest.fixture(scope="module")
def restrict(filtered: Catalogue) -> tf.types.experimental.GenericFunction:
    filters = ItemFilters(filtered)
    shapes = ([None, ITEMS + 1], tf.bool), ([None, None], tf.int32), ([None], tf.string), ([None], tf.float32)
    specs = [tf.TensorSpec(*shape) for shape in (*shapes, shapes[-1])]
    restricted = tf.function(lambda allowed, *asked: filters.restrict(allowed, Filters(*asked)), input_signature=specs)
    restricted.held = filters  # type: ignore[attr-defined]  the graph does not keep its variables alive
    return restricted


def everything(rows: int) -> np.ndarray:
    return np.repeat(np.arange(ITEMS + 1)[None] < ITEMS, rows, axis=0)


BOUNDS = st.sampled_from([NAN, NAN, 0.0, 1.0, 2.5, 9.99, -3.0, float("inf"), float("-inf")])
REQUESTS = st.tuples(
    st.lists(st.integers(-1, ITEMS), min_size=3, max_size=3),
    st.sampled_from(["", "", *PATHS, "nothing", "food > ", ">", " ", "food > milk > whole > organic > x"]),
    BOUNDS,
    BOUNDS,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(asked=st.lists(REQUESTS, min_size=1, max_size=4))
def test_it_is_what_the_description_says(restrict, asked) -> None:
    only, categories, lowest, highest = (list(column) for column in zip(*asked, strict=True))
    found = restrict(
        everything(len(asked)),
        tf.constant(only, tf.int32),
        tf.constant(categories),
        tf.constant(lowest, tf.float32),
        tf.constant(highest, tf.float32),
    ).numpy()
    assert not found[:, -1].any()
    assert [row[:-1].tolist() for row in found] == [[passes(row, *one) for row in range(ITEMS)] for one in asked]


@pytest.mark.parametrize(
    ("only", "category", "lowest", "highest", "expected"),
    [
        ([-1, -1], "", NAN, NAN, list(range(ITEMS))),
        ([ITEMS, -1], "", NAN, NAN, []),  # an id that the shop does not have
        ([3, 3], "", NAN, NAN, [3]),
        ([-1, -1], "milk", NAN, NAN, []),
        ([-1, -1], "food > milk", NAN, NAN, [1, 2, 3, 7, 11]),
        ([-1, -1], "food>milk>whole", NAN, NAN, [2, 3]),
        ([-1, -1], "", 5.0, 4.0, []),
        ([-1, -1], "", NAN, 0.1, [3, 11]),
        ([-1, -1], "", 9.99, 9.99, [1]),
        ([1, 9], "food", 2.0, NAN, [1]),
    ],
)
def test_one_request(restrict, only, category, lowest, highest, expected) -> None:
    found = restrict(everything(1), [only], [category], [lowest], [highest]).numpy()
    assert np.flatnonzero(found[0]).tolist() == expected


def test_a_catalogue_that_kept_neither_passes_no_filter(catalogue: Catalogue) -> None:
    filters = ItemFilters(catalogue)
    for category, lowest in (("food", NAN), ("", 0.0)):
        asked = Filters(*(tf.constant(value) for value in ([[-1]], [category], [lowest], [NAN])))
        assert not filters.restrict(tf.constant(everything(1)), asked).numpy().any()


def test_only_what_is_asked_for_reads_a_table(restrict) -> None:
    """The tables of the catalogue are read in branches, and in no other place of the graph."""
    graph = restrict.get_concrete_function().graph.as_graph_def()
    read = {node.op for node in graph.node}
    assert read.isdisjoint({"ReadVariableOp", "ResourceGather", "TensorScatterUpdate", "StaticRegexReplace"})
    assert sum(bool(re.fullmatch("(Stateless)?If", node.op)) for node in graph.node) == 3


def test_excluded_and_hidden_items_stay_out(retrieval_graph: RetrievalGraph) -> None:
    asked = Filters(*(tf.constant(value) for value in ([[3, 5, 12]], [""], [NAN], [NAN])))
    assert np.flatnonzero(retrieval_graph.allowed(tf.constant([[5]]), asked).numpy()).tolist() == [3]
