"""Rows of a table that is a Keras variable, without reading the rest of the table."""

import keras
from keras import ops

from trainer.distribution.replicas import own_part
from trainer.quantisation.stand_ins import stand_in_of


def take_rows(table: keras.Variable, rows: keras.KerasTensor) -> keras.KerasTensor:
    """Rows of a table; on TensorFlow both the lookup and its gradient cost by the rows, not by the table.

    `ops.take` first reads the variable, which copies all of it; here the TensorFlow variable itself is indexed.
    The gradient with respect to the table is a `tf.IndexedSlices` with one entry a row looked up, repeats included.
    Other backends than TensorFlow use `ops.take`. A table that is divided among replicas is asked for its rows, see
    `trainer.distribution.sharded_table`.

    Args:
        table: Variable, float [N, ...]. Create it with `autocast=False`, as `RowEmbedding` does: under a mixed policy
            Keras would otherwise cast, and so read, all of it on every access.
        rows: Row numbers in [0, N), integers of any shape.

    Returns:
        The rows, shape `rows.shape + table.shape[1:]`, dtype of the table; those of its stand-in, where a servable
        reads one.
    """
    stand_in = stand_in_of(table)
    if stand_in is not None:
        return stand_in.rows(rows)
    if keras.backend.backend() != "tensorflow":
        return ops.take(table, rows, axis=0)
    import tensorflow as tf

    from trainer.distribution.sharded_table import ShardedTable

    if isinstance(table, ShardedTable):
        return table.rows(rows)
    return tf.nn.embedding_lookup(own_part(table.value), rows)
