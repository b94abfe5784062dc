"""A divided table as one replica has it; what several do is in `test_two_devices`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.distribution.sharded_table import ShardedTable
from trainer.distribution.table_bound import is_divided, set_largest_table
from trainer.row_lookup import take_rows

VALUES = np.arange(15, dtype=np.float32).reshape(5, 3)


@pytest.fixture
def table() -> ShardedTable:
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        return ShardedTable("ones", (5, 3), "float32", "table")


def test_it_is_a_variable_of_all_rows(table: ShardedTable) -> None:
    np.testing.assert_array_equal(table.numpy(), np.ones((5, 3)))
    table.assign(VALUES)
    for read in (table.numpy(), np.asarray(table), keras.ops.convert_to_numpy(table)):
        np.testing.assert_array_equal(read, VALUES)
    assert tuple(table.shape) == table.own_shape == (5, 3)
    rows = np.array([[4, 0], [2, 2]])
    np.testing.assert_array_equal(take_rows(table, tf.constant(rows)), VALUES[rows])


def test_it_takes_no_other_shape(table: ShardedTable) -> None:
    with pytest.raises(ValueError, match=r"^table: expected values of shape \(5, 3\), got \(4, 3\)$"):
        table.assign(VALUES[:4])


def test_it_is_never_one_tensor(table: ShardedTable) -> None:
    with pytest.raises(TypeError, match="^table is divided among replicas; read it with trainer.row_lookup.take_rows$"):
        tf.convert_to_tensor(table)


def test_one_replica_divides_nothing() -> None:
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    set_largest_table(strategy, 0.0)
    assert not is_divided((10, 4), "float32")
    with strategy.scope():
        assert not is_divided((10, 4), "float32")
