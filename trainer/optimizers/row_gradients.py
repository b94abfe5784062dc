"""Gradients that may be row-sparse: summed over repeated rows, and clipped without becoming dense."""

from typing import TypeAlias

import tensorflow as tf

Gradient: TypeAlias = tf.Tensor | tf.IndexedSlices


def sum_repeated_rows(gradient: Gradient) -> Gradient:
    """One entry a row: entries of the same row are added up. Dense gradients pass through."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, positions = tf.unique(gradient.indices)
    sums = tf.math.unsorted_segment_sum(gradient.values, positions, tf.size(rows))
    return tf.IndexedSlices(sums, rows, gradient.dense_shape)


def clip_gradients(
    gradients: list[Gradient], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Gradient]:
    """Clip as Keras clips dense gradients; a row-sparse gradient stays row-sparse.

    The norm of a row-sparse gradient is that of its entries, which is right only where no row is repeated: call
    `sum_repeated_rows` first. At most one of the limits is set (Keras sees to it).

    Args:
        gradients: Dense or row-sparse gradients, one a variable.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element.
        global_clipnorm: Largest norm of all gradients together.

    Returns:
        The clipped gradients, in the same order.
    """
    if clipnorm:
        return [tf.clip_by_norm(gradient, clipnorm) for gradient in gradients]
    if clipvalue:
        return [tf.clip_by_value(gradient, -clipvalue, clipvalue) for gradient in gradients]
    if global_clipnorm:
        clipped, _ = tf.clip_by_global_norm(gradients, global_clipnorm)
        return list(clipped)
    return gradients
