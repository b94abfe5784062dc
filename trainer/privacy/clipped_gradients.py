"""The gradient of each user alone, clipped, and their sum."""

from collections.abc import Sequence

import tensorflow as tf

from trainer.retrieval import TwoTowerModel

Batch = dict[str, tf.Tensor]


def user_gradient(model: TwoTowerModel, window: Batch) -> list[tf.Tensor]:
    """The gradient of one user's loss by the trainable variables, all of it dense.

    Args:
        model: The towers; their loss must not look at other users.
        window: A batch of one.

    Returns:
        One gradient a variable, in its shape; zeros where the loss does not depend on it.
    """
    variables = [variable.value for variable in model.trainable_variables]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(window, y_pred=model(window, training=True), training=True)
    gradients = tape.gradient(loss, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    # A row-sparse gradient lists the rows that this user touched; noise on those alone would tell which they are.
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def clip_to_norm(gradients: Sequence[tf.Tensor], clip_norm: float | tf.Tensor) -> list[tf.Tensor]:
    """Scale gradients, taken together as one vector, to a norm of at most C.

    Source: Abadi et al. 2016, "Deep learning with differential privacy", algorithm 1: g / max(1, |g| / C). A gradient
    that is not finite counts as zero: no scale would bring it to a norm of C.

    Args:
        gradients: One a variable.
        clip_norm: C.
    """
    norm = tf.linalg.global_norm(gradients)
    scale = tf.where(tf.math.is_finite(norm), 1.0 / tf.maximum(1.0, norm / clip_norm), 0.0)
    return [tf.math.multiply_no_nan(gradient, scale) for gradient in gradients]


def clipped_sum(model: TwoTowerModel, batch: Batch, clip_norm: float | tf.Tensor) -> list[tf.Tensor]:
    """Sum of the clipped gradients of the users of a batch; one user more or less moves it by at most C.

    One user after the other: there is never more than one gradient beside the sum in memory.

    Args:
        model: The towers; their loss must not look at other users.
        batch: Windows of different users, see `trainer.retrieval.TwoTowerModel`; it may be empty.
        clip_norm: C.
    """

    def add(row: tf.Tensor, sums: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        window = {name: values[row : row + 1] for name, values in batch.items()}
        clipped = clip_to_norm(user_gradient(model, window), clip_norm)
        return row + 1, [total + part for total, part in zip(sums, clipped, strict=True)]

    count = tf.shape(batch["history"])[0]
    zeros = [tf.zeros_like(variable.value) for variable in model.trainable_variables]
    _, sums = tf.while_loop(lambda row, _: row < count, add, (tf.constant(0), zeros), parallel_iterations=1)
    return list(sums)
