import numpy as np
import pytest
import tensorflow as tf

from trainer.index.building import IndexSettings, build_index
from trainer.index.exact import ExactIndex
from trainer.quantisation import vector_tables
from trainer.quantisation.export_settings import Precision
from trainer.quantisation.row_codes import dequantise_rows, quantise_rows
from trainer.quantisation.vector_tables import SmallTable, inner_products, rows_of, vector_table

ITEMS, WIDTH, K = 400, 16, 10
BOUND = {"float32": 1e-6, "float16": 1e-3, "int8": 1.5e-2}
"""Of a product of unit vectors: an error of half a step in each of 16 values, in int8 of at most 1 / 254."""


def unit(rows: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_rows_and_products_are_near_those_of_the_vectors(precision: Precision) -> None:
    vectors, queries = unit(ITEMS, 0), unit(5, 1)
    table = vector_table(vectors, precision, "vectors")
    rows = tf.constant([[0, 7], [399, 0]])
    np.testing.assert_allclose(rows_of(table, rows), vectors[rows.numpy()], atol=BOUND[precision])
    np.testing.assert_allclose(inner_products(queries, table), queries @ vectors.T, atol=BOUND[precision])
    np.testing.assert_allclose(np.asarray(table), vectors, atol=BOUND[precision])
    assert table.shape == [ITEMS, WIDTH]


def test_int8_products_are_those_of_what_the_codes_stand_for() -> None:
    vectors, queries = unit(ITEMS, 0), unit(5, 1)
    products = inner_products(queries, vector_table(vectors, "int8", "vectors"))
    np.testing.assert_allclose(products, queries @ dequantise_rows(quantise_rows(vectors)).T, atol=1e-6)


def test_blocks_change_no_product(monkeypatch: pytest.MonkeyPatch) -> None:
    table, queries = vector_table(unit(ITEMS, 0), "int8", "vectors"), unit(2, 1)
    whole = inner_products(queries, table)
    monkeypatch.setattr(vector_tables, "_BLOCK_ROWS", 1)
    monkeypatch.setattr(vector_tables, "_MOST_BLOCKS", 7)
    np.testing.assert_allclose(inner_products(queries, table), whole, atol=1e-6)


def test_a_variable_in_float32_is_not_copied() -> None:
    variable = tf.Variable(unit(3, 0))
    assert vector_table(variable, "float32", "vectors") is variable


@pytest.mark.parametrize(("precision", "bytes_a_row"), [("float16", 2 * WIDTH), ("int8", WIDTH + 4)])
def test_bytes_of_a_row(precision: Precision, bytes_a_row: int) -> None:
    table = vector_table(unit(ITEMS, 0), precision, "vectors")
    assert isinstance(table, SmallTable)
    size = sum(variable.shape.num_elements() * variable.dtype.size for variable in table.variables)
    assert size == ITEMS * bytes_a_row


@pytest.mark.parametrize("kind", ["exact", "ivf"])
@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_an_index_finds_nearly_the_same_items(kind: str, precision: Precision) -> None:
    vectors, queries = unit(ITEMS, 0), unit(64, 1)
    table, texts = vector_table(vectors, precision, "vectors"), tf.Variable(tf.zeros([ITEMS, 1]))
    settings = IndexSettings(kind, lists=8, probes=8)  # type: ignore[arg-type]
    index, report = build_index(table, texts, lambda: queries, settings)
    assert index.preferences is table
    assert report.quantisation == ("int8" if kind == "ivf" else "none")
    found = search(index, queries)
    expected = search(ExactIndex(tf.Variable(vectors), texts), queries)
    shared = [len({*ours} & {*theirs}) / K for ours, theirs in zip(found, expected, strict=True)]
    assert np.mean(shared) > 0.95


def search(index: ExactIndex, queries: np.ndarray) -> np.ndarray:
    allowed = tf.ones([len(queries), ITEMS], tf.bool)
    rows, _ = index.search(tf.constant(queries), tf.zeros([len(queries), 0]), allowed, tf.constant(K))
    return rows.numpy()
