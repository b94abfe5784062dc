"""Slates of different lengths in one batch: a server batches whatever comes at the same time."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from trainer.bandit.belief import Belief

Compute = Callable[[Belief, tf.Tensor, tf.Tensor, tf.Tensor], Sequence[tf.Tensor]]
"""A belief about R rows, policy names [R], one length and seeds [R] to tensors [R, ..., length]."""


def by_length(
    compute: Compute,
    rows: tuple[Belief, tf.Tensor, tf.Tensor],
    lengths: tf.Tensor,
    nothing: Sequence[tf.Tensor],
) -> tuple[tf.Tensor, ...]:
    """Compute all rows of one length together, length after length.

    What a policy says of a slot depends on the length of the slate: which slots may explore, and the inclusion
    probabilities. A row must not depend on what else is in its batch.

    Args:
        compute: What is computed.
        rows: Belief, policy names and seeds of B rows.
        lengths: Slots of each, [B] int32.
        nothing: Results of slates without a slot, [B, ..., K] each, K the largest length.

    Returns:
        As `nothing`, with the first slots of each row filled.
    """
    # Nothing can be put into rows without a slot.
    distinct = tf.unique(tf.boolean_mask(lengths, lengths > 0)).y
    width = tf.shape(nothing[0])[-1]

    def put_in(number: tf.Tensor, *so_far: tf.Tensor) -> tuple[tf.Tensor, ...]:
        length = distinct[number]
        places = tf.where(tf.equal(lengths, length))[:, 0]
        belief, names, seeds = tf.nest.map_structure(lambda values: tf.gather(values, places), rows)
        found = compute(belief, names, length, seeds)
        pairs = zip(so_far, found, strict=True)
        return number + 1, *(
            tf.tensor_scatter_nd_update(old, places[:, None], _widened(new, old, width)) for old, new in pairs
        )

    shapes = (tf.TensorShape([]), *(tf.TensorShape([None] * each.shape.rank) for each in nothing))
    loop: Any = tf.while_loop(
        lambda number, *_: number < tf.size(distinct), put_in, (tf.constant(0), *nothing), shape_invariants=shapes
    )
    return tuple(loop[1:])


def _widened(values: tf.Tensor, like: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Values with slots up to `width`, which are as in an empty slate: -1 for positions, else 0."""
    missing = [[0, 0]] * (like.shape.rank - 1) + [[0, width - tf.shape(values)[-1]]]
    return tf.pad(values, missing, constant_values=-1 if values.dtype == tf.int32 else 0)
