"""Gradients that may be row-sparse: summed over repeated rows, and clipped without becoming dense."""

from collections.abc import Sequence
from typing import TypeAlias

import tensorflow as tf

from trainer.distribution.replicas import sum_over_replicas

Gradient: TypeAlias = tf.Tensor | tf.IndexedSlices


def sum_repeated_rows(gradient: Gradient) -> Gradient:
    """One entry a row: entries of the same row are added up. Dense gradients pass through."""
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, positions = tf.unique(gradient.indices)
    sums = tf.math.unsorted_segment_sum(gradient.values, positions, tf.size(rows))
    return tf.IndexedSlices(sums, rows, gradient.dense_shape)


def clip_gradients(
    gradients: list[Gradient],
    clipnorm: float | None,
    clipvalue: float | None,
    global_clipnorm: float | None,
    is_part: Sequence[bool] = (),
) -> list[Gradient]:
    """Clip as Keras clips dense gradients; a row-sparse gradient stays row-sparse.

    The norm of a row-sparse gradient is that of its entries, which is right only where no row is repeated: call
    `sum_repeated_rows` first. At most one of the limits is set (Keras sees to it).

    Args:
        gradients: Dense or row-sparse gradients, one a variable.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element.
        global_clipnorm: Largest norm of all gradients together.
        is_part: Whether a gradient is that of one replica's part of a `ShardedTable`, for each of them; by default none
            is. The norm is then that of the parts of all replicas.

    Returns:
        The clipped gradients, in the same order.
    """
    if any(is_part) and (clipnorm or global_clipnorm):
        return _clip_with_parts(gradients, clipnorm, global_clipnorm, is_part)
    if clipnorm:
        return [tf.clip_by_norm(gradient, clipnorm) for gradient in gradients]
    if clipvalue:
        return [tf.clip_by_value(gradient, -clipvalue, clipvalue) for gradient in gradients]
    if global_clipnorm:
        clipped, _ = tf.clip_by_global_norm(gradients, global_clipnorm)
        return list(clipped)
    return gradients


def _clip_with_parts(
    gradients: list[Gradient], clipnorm: float | None, global_clipnorm: float | None, is_part: Sequence[bool]
) -> list[Gradient]:
    squares = [tf.reduce_sum(tf.square(_values(gradient))) for gradient in gradients]
    own = tf.stack([each for each, part in zip(squares, is_part, strict=True) if part])
    parts = iter(tf.unstack(sum_over_replicas(own)))
    norms = [tf.sqrt(next(parts) if part else each) for each, part in zip(squares, is_part, strict=True)]
    if clipnorm:
        pairs = zip(gradients, norms, strict=True)
        return [tf.clip_by_global_norm([gradient], clipnorm, use_norm=norm)[0][0] for gradient, norm in pairs]
    clipped, _ = tf.clip_by_global_norm(gradients, global_clipnorm, use_norm=tf.linalg.global_norm(norms))
    return list(clipped)


def _values(gradient: Gradient) -> tf.Tensor:
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
