from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.row_lookup import take_rows

ROWS = np.array([[3, 0], [3, 9]], np.int32)


@pytest.fixture
def table() -> keras.Variable:
    return keras.Variable(np.arange(30, dtype=np.float32).reshape(10, 3), autocast=False)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("graph", [False, True])
def test_gives_the_rows(table: keras.Variable, dtype: str, graph: bool) -> None:
    lookup = tf.function(lambda rows: take_rows(table, rows)) if graph else lambda rows: take_rows(table, rows)
    np.testing.assert_array_equal(lookup(tf.constant(ROWS, dtype)), table.numpy()[ROWS])


def test_does_not_read_the_table(table: keras.Variable) -> None:
    graph = tf.function(lambda rows: take_rows(table, rows)).get_concrete_function(tf.constant(ROWS)).graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert "ResourceGather" in kinds
    assert "ReadVariableOp" not in kinds


def test_the_gradient_has_one_entry_for_each_row_looked_up(table: keras.Variable) -> None:
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(take_rows(table, ROWS) * 2.0)
    gradient = tape.gradient(loss, table)
    assert isinstance(gradient, tf.IndexedSlices)
    np.testing.assert_array_equal(gradient.indices, ROWS.ravel())
    np.testing.assert_array_equal(gradient.values, np.full((4, 3), 2.0))


def test_works_in_a_saved_model(table: keras.Variable, tmp_path: Path) -> None:
    module = tf.Module()
    module.table = table
    module.lookup = tf.function(
        lambda rows: take_rows(table, rows), input_signature=[tf.TensorSpec([None], tf.int32)], autograph=False
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    np.testing.assert_array_equal(loaded.lookup(tf.constant([7, 1])), table.numpy()[[7, 1]])


def test_other_backends_take(table: keras.Variable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with tf.GradientTape() as tape:
        tape.watch(table.value)
        rows = take_rows(table, ROWS)
    np.testing.assert_array_equal(rows, table.numpy()[ROWS])
