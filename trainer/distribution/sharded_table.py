"""A table of which each replica of a `tf.distribute` strategy holds a part of the rows."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from trainer.distribution.replicas import own_part, rows_of_other_replicas

_ROWS_AT_A_TIME = 65_536


class ShardedTable(keras.Variable):
    """A Keras variable of N rows of which replica n of R holds rows n, n + R, n + 2 R and so on.

    To the outside it is a variable of shape [N, ...] like any other: `assign` takes all rows, and `numpy` gives them.
    Within, `value` is a distributed variable of ceil(N / R) rows. Its parts differ from replica to replica, which
    TensorFlow allows for `aggregation="none"`: each replica then updates its own. The last rows of a part may be
    padding, which nothing reads. Rows of a vocabulary are sorted by frequency; dealt out in turn, each replica gets as
    much to do.

    `rows` looks rows up. In a step every replica asks for rows of its own: the numbers of all are exchanged, each
    replica looks up those that it holds, and the sum over replicas brings them home. The gradient takes the same way
    back, so a part gets that of the whole batch, as a `tf.IndexedSlices` of its own rows; it must not be summed over
    replicas again. `trainer.optimizers` knows that, and gives the part slots of its size.

    `rows` outside of a step, `assign` and `numpy` concern all replicas. With several workers each must call them, in
    the same order.

    Made in the scope of a strategy with several replicas.

    Args:
        initializer: Gives the whole table on the host, so that it starts as it would on one device.
        shape: N, and the shape of a row.
        dtype: Its dtype.
        name: Its name.
    """

    def __init__(self, initializer: Any, shape: Sequence[int], dtype: str, name: str) -> None:
        self._strategy = tf.distribute.get_strategy()
        self._read = tf.function(self._sum_of_parts, autograph=False, reduce_retracing=True)
        self._write = tf.function(self._assign_parts, autograph=False)
        super().__init__(initializer, shape=tuple(shape), dtype=dtype, autocast=False, name=name)

    @property
    def replicas(self) -> int:
        """Replicas that share the table, R."""
        return self._strategy.num_replicas_in_sync

    @property
    def own_shape(self) -> tuple[int, ...]:
        """Shape of the part of one replica, padding included."""
        return (math.ceil(self.shape[0] / self.replicas), *self.shape[1:])

    def _initialize_with_initializer(self, initializer: Any) -> None:
        self._initialize(lambda: tf.zeros(self.own_shape, self.dtype))
        with tf.device("CPU:0"):
            self.assign(initializer(tuple(self.shape), dtype=self.dtype))

    def assign(self, value: Any) -> None:
        """Give each replica its rows.

        Args:
            value: All rows, an array or tensor of shape [N, ...].

        Raises:
            ValueError: The shape is another.
        """
        values = keras.ops.convert_to_numpy(value)
        if values.shape != tuple(self.shape):
            raise ValueError(f"{self.path}: expected values of shape {tuple(self.shape)}, got {values.shape}")

        def part(context: Any) -> tf.Tensor:
            own = values[context.replica_id_in_sync_group :: self.replicas]
            padding = [(0, self.own_shape[0] - len(own)), *[(0, 0)] * (values.ndim - 1)]
            with tf.device("CPU:0"):
                return tf.constant(np.pad(own, padding), self.dtype)

        parts = self._strategy.experimental_distribute_values_from_function(part)
        self._write(parts)

    def _assign_parts(self, parts: Any) -> None:
        self._strategy.run(lambda own: own_part(self.value).assign(own, read_value=False), args=(parts,))

    def numpy(self) -> np.ndarray:
        """All rows, in the memory of the host."""
        whole = np.empty(tuple(self.shape), self.dtype)
        for start in range(0, len(whole), _ROWS_AT_A_TIME):
            rows = tf.range(start, min(start + _ROWS_AT_A_TIME, len(whole)))
            whole[start : start + len(rows)] = self.rows(rows).numpy()
        return whole

    def rows(self, rows: tf.Tensor) -> tf.Tensor:
        """Look rows up.

        Args:
            rows: Row numbers in [0, N), integers of any shape. In a step those of this replica; else the same on every
                worker.

        Returns:
            The rows, shape `rows.shape + table.shape[1:]`.
        """
        rows = tf.convert_to_tensor(rows)
        flat = tf.reshape(rows, [-1])
        context = tf.distribute.get_replica_context()
        in_step = context is not None and context.num_replicas_in_sync > 1
        found = self._exchanged(flat) if in_step else self._read(flat)
        shape = tf.concat([tf.shape(rows), tuple(self.shape[1:])], axis=0)
        return tf.ensure_shape(tf.reshape(found, shape), rows.shape.concatenate(self.shape[1:]))

    def _exchanged(self, rows: tf.Tensor) -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        # Histories repeat their items, and what is not asked for twice need not travel twice.
        distinct, places = tf.unique(rows)
        count = tf.size(distinct)
        before, after = rows_of_other_replicas(count)
        wanted = context.all_reduce("sum", tf.pad(distinct, [[before, after]]))
        found = context.all_reduce("sum", self._held(wanted))
        return tf.gather(found[before : before + count], places)

    def _sum_of_parts(self, rows: tf.Tensor) -> tf.Tensor:
        return self._strategy.reduce("sum", self._strategy.run(self._held, args=(rows,)), axis=None)

    def _held(self, rows: tf.Tensor) -> tf.Tensor:
        """Those of some rows that this replica holds, and zeros in the place of the others."""
        number = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, rows.dtype)
        # The others must not be looked up at all: a row that is counts as touched by the batch.
        places = tf.where(rows % self.replicas == number)
        held = tf.nn.embedding_lookup(own_part(self.value), tf.gather_nd(rows, places) // self.replicas)
        shape = tf.concat([[tf.size(rows, tf.int64)], tf.constant(tuple(self.shape[1:]), tf.int64)], axis=0)
        return tf.scatter_nd(places, held, shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All rows, as `numpy` gives them."""
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> tf.Tensor:
        """Refused: a tensor of all rows would not fit where the table does not."""
        raise TypeError(f"{self.path} is divided among replicas; read it with trainer.row_lookup.take_rows")
