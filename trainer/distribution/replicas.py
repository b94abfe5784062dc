"""What the replicas of a `tf.distribute` strategy have to tell each other so that they train as one device would.

Everywhere but inside a step of several replicas these functions give back what they are given: on one device, while a
model is built, and on other backends than TensorFlow.
"""

from typing import Any

import keras
from keras import ops


def replica_count() -> int:
    """Number of replicas of the strategy in whose scope or step this is called; 1 without one."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def sum_over_replicas(value: keras.KerasTensor) -> keras.KerasTensor:
    """Sum of a tensor over all replicas, in the same shape; the gradient flows back to each of them."""
    context = _context_of_several()
    return value if context is None else context.all_reduce("sum", value)


def gather_replicas(values: keras.KerasTensor) -> keras.KerasTensor:
    """The rows of all replicas, one replica after the other; the gradient flows back to each of them.

    Args:
        values: Rows of this replica, [N, ...]; replicas may have different N.

    Returns:
        [sum of all N, ...], the same on every replica.
    """
    context = _context_of_several()
    if context is None:
        return values
    import tensorflow as tf

    before, after = rows_of_other_replicas(tf.shape(values)[0])
    # Each replica writes into rows that are 0 on all others: unlike an all-gather, a sum has the right gradient.
    paddings = [[before, after], *[[0, 0]] * (len(values.shape) - 1)]
    return context.all_reduce("sum", tf.pad(values, paddings))


def rows_of_other_replicas(count: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Where the rows of this replica stand among those of all, as `gather_replicas` puts them together.

    Args:
        count: Rows of this replica, int32 scalar.

    Returns:
        Rows of the replicas before this one, and of those after it, int32 scalars; 0 and 0 outside a step of several.
    """
    context = _context_of_several()
    if context is None:
        return ops.zeros((), "int32"), ops.zeros((), "int32")
    import tensorflow as tf

    number = tf.cast(context.replica_id_in_sync_group, tf.int32)
    own = tf.one_hot(number, context.num_replicas_in_sync, dtype=tf.int32) * count
    counts = context.all_reduce("sum", own)
    return tf.reduce_sum(counts[:number]), tf.reduce_sum(counts[number + 1 :])


def own_part(variable: Any) -> Any:
    """The `tf.Variable` that holds a distributed variable on the device of the replica that runs this.

    A distributed variable has no read of single rows: TensorFlow would read, and so copy, all of it.

    Args:
        variable: A `tf.Variable`, which is given back outside a step of several replicas.
    """
    context = _context_of_several()
    if context is None:
        return variable
    import tensorflow as tf

    parts = context.strategy.experimental_local_results(variable)
    number = tf.get_static_value(context.replica_id_in_sync_group)
    # Every worker has as many replicas as the others. A TPU numbers its replicas at run time.
    return variable if number is None else parts[int(number) % len(parts)]


def share_of_batch(rows: keras.KerasTensor) -> keras.KerasTensor:
    """What the mean over the rows of one replica is multiplied by, so that the mean over replicas is that of all rows.

    Args:
        rows: A tensor whose first dimension is the rows of this replica, N.

    Returns:
        float32 scalar: N, divided by the mean N of the replicas. Where all have as many it is 1.
    """
    count = ops.cast(ops.shape(rows)[0], "float32")
    total = sum_over_replicas(count)
    return ops.divide_no_nan(count * replicas_in_step(), total)


def replicas_in_step() -> int:
    """Number of replicas that run the step in which this is called; 1 outside of one."""
    context = _context_of_several()
    return 1 if context is None else context.num_replicas_in_sync


def _context_of_several() -> Any:
    """The replica context inside a step of several replicas, else None."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None
