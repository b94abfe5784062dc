"""Slates of different policies and lengths in one batch: a server batches whatever comes at the same time."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from trainer.bandit.belief import Belief

Method = Callable[[Belief, tf.Tensor, tf.Tensor], Sequence[tf.Tensor]]
"""Of a policy: a belief about R rows, one length and seeds [R] to its results, tensors [R, ..., length]."""


def by_group(
    methods: Sequence[Method],
    rows: tuple[Belief, tf.Tensor, tf.Tensor],
    lengths: tf.Tensor,
    nothing: Sequence[tf.Tensor],
) -> tuple[tf.Tensor, ...]:
    """Compute all rows of one policy and one length together, group after group.

    What a policy says of a slot depends on the length of the slate: which slots may explore, and the inclusion
    probabilities. A row must not depend on what else is in its batch. A policy that no row asks for is not computed.

    Args:
        methods: The same method of every policy.
        rows: Belief, number of the policy [B] int32 and seed of B rows.
        lengths: Slots of each, [B] int32.
        nothing: Results of slates without a slot, [B, ..., K] each, K the largest length.

    Returns:
        As `nothing`, with the first slots of each row filled.
    """
    belief, numbers, seeds = rows
    groups = lengths * len(methods) + numbers
    # Without a slot or a candidate there is nothing to order, and operations of the policies fail.
    orders = (lengths > 0) & (tf.shape(belief.utility)[1] > 0)
    distinct = tf.unique(tf.boolean_mask(groups, orders)).y
    width = tf.shape(nothing[0])[-1]

    def put_in(place: tf.Tensor, *so_far: tf.Tensor) -> tuple[tf.Tensor, ...]:
        group = distinct[place]
        members = tf.where(tf.equal(groups, group))[:, 0]
        of_group, their_seeds = tf.nest.map_structure(lambda values: tf.gather(values, members), (belief, seeds))
        found = _asked(methods, group % len(methods), of_group, group // len(methods), their_seeds)
        pairs = zip(so_far, found, strict=True)
        return place + 1, *(
            tf.tensor_scatter_nd_update(old, members[:, None], _widened(new, old, width)) for old, new in pairs
        )

    shapes = (tf.TensorShape([]), *(tf.TensorShape([None] * each.shape.rank) for each in nothing))
    loop: Any = tf.while_loop(
        lambda place, *_: place < tf.size(distinct), put_in, (tf.constant(0), *nothing), shape_invariants=shapes
    )
    return tuple(loop[1:])


def _asked(
    methods: Sequence[Method], number: tf.Tensor, belief: Belief, length: tf.Tensor, seeds: tf.Tensor
) -> Sequence[tf.Tensor]:
    """What one of the methods says."""

    def branch(method: Method) -> Callable[[], tuple[tf.Tensor, ...]]:
        return lambda: tuple(method(belief, length, seeds))

    found: Sequence[tf.Tensor] = tf.switch_case(number, [branch(method) for method in methods])
    return found


def _widened(values: tf.Tensor, like: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """Values with slots up to `width`, which are as in an empty slate: -1 for positions, else 0."""
    missing = [[0, 0]] * (like.shape.rank - 1) + [[0, width - tf.shape(values)[-1]]]
    return tf.pad(values, missing, constant_values=-1 if values.dtype == tf.int32 else 0)
