"""One slot after the other, for many samples of a slate at once."""

from typing import NamedTuple, Protocol

import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.slate import best


class SlotLaw(Protocol):
    """How one slot is drawn from the candidates that are left; the best of them has a mass of its own."""

    def weights(self, gaps: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
        """Weights of candidates other than the best, not above 1 / left or not above the best's mass.

        Args:
            gaps: Utility of the best candidate left minus the candidate's, at least 0, [B, S, N] float64.
            left: Number of candidates that may be drawn and are not better than the best left, itself included and
                those that are taken counted too, [B, S, 1] float64.
        """
        ...

    def masses(self, others: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Mass of the best candidate, and the total of which masses and weights are shares.

        Args:
            others: Sum of the weights of the other candidates left, float64 of any shape.
        """
        ...


class Ranked(NamedTuple):
    """Candidates from the highest mean utility to the lowest. A place is a position in this order.

    Attributes:
        order: Position in the candidate list, [B, N] int32.
        utility: Mean utility, minus infinity where there is no candidate, [B, N] float64.
        explorable: Whether the candidate may be drawn by weight, [B, N] bool.
    """

    order: tf.Tensor
    utility: tf.Tensor
    explorable: tf.Tensor

    @classmethod
    def of(cls, belief: Belief) -> "Ranked":
        """Rank by mean utility; ties go to the lower position."""
        utility, order = best(belief.utility, tf.shape(belief.utility)[1])
        return cls(order, tf.cast(utility, tf.float64), tf.gather(belief.explorable, order, batch_dims=1))

    @property
    def width(self) -> tf.Tensor:
        """N, scalar int32."""
        return tf.shape(self.order)[1]


class SlotTables(NamedTuple):
    """Weights of all candidates for every place that can be the best left. With S slots that is one of the first S.

    Attributes:
        weights: Weight of place n where place h is the best left; 0 up to h, [B, S, N] float64.
        ends: Their running sums over n, [B, S, N] float64.
        keys: The running sums scaled into h to below h + 1, ascending, [B, S N] float64.
        scale: What they were scaled by, [B, S] float64.
    """

    weights: tf.Tensor
    ends: tf.Tensor
    keys: tf.Tensor
    scale: tf.Tensor


class Draws(NamedTuple):
    """Where M samples of a slate stand before one slot, T slots after the first.

    Attributes:
        best: Best place left, [B, M] int32.
        others: Sum of the weights of the other places left, [B, M] float64.
        taken: Places drawn before, ascending, [B, M, T] int32.
        taken_weights: What they would weigh now; 0 where above the best, [B, M, T] float64.
        taken_ends: Running sums at them, [B, M, T] float64.
    """

    best: tf.Tensor
    others: tf.Tensor
    taken: tf.Tensor
    taken_weights: tf.Tensor
    taken_ends: tf.Tensor


def slot_tables(ranked: Ranked, slots: tf.Tensor, law: SlotLaw) -> SlotTables:
    """The tables behind the first `slots` slots, scalar int32, at most N."""
    heads = tf.range(slots)
    explorable = tf.cast(ranked.explorable, tf.float64)
    before = tf.cumsum(explorable, axis=1, exclusive=True)
    drawable = (tf.reduce_sum(explorable, axis=1, keepdims=True) - before + 1.0 - explorable)[:, :slots, None]
    eligible = ranked.explorable[:, None, :] & (tf.range(ranked.width)[None, None, :] > heads[None, :, None])
    gaps = tf.where(eligible, ranked.utility[:, :slots, None] - ranked.utility[:, None, :], 0.0)
    weights = tf.where(eligible, law.weights(gaps, drawable), 0.0)
    ends = tf.cumsum(weights, axis=2)
    scale = 1.0 / (1.0 + ends[:, :, -1])
    keys = tf.cast(heads, tf.float64)[None, :, None] + ends * scale[:, :, None]
    return SlotTables(weights, ends, tf.reshape(keys, [-1, slots * ranked.width]), scale)


def draws_before(tables: SlotTables, taken: tf.Tensor) -> Draws:
    """Where samples stand that took these places, ascending, [B, M, T] int32."""
    shape = tf.shape(tables.weights)
    # Ascending and distinct, so they equal their own index exactly as far as no place is left out.
    first_left = tf.reduce_sum(tf.cast(taken == tf.range(tf.shape(taken)[2]), tf.int32), axis=2)
    cells = first_left[:, :, None] * shape[2] + taken
    weights, ends = (
        tf.gather(tf.reshape(table, [shape[0], shape[1] * shape[2]]), cells, batch_dims=1)
        for table in (tables.weights, tables.ends)
    )
    totals = tf.gather(tables.ends[:, :, -1], first_left, batch_dims=1)
    others = tf.maximum(totals - tf.reduce_sum(weights, axis=2), 0.0)
    return Draws(first_left, others, taken, weights, ends)


def draw_slot(tables: SlotTables, draws: Draws, uniforms: tf.Tensor, law: SlotLaw) -> tf.Tensor:
    """The place that each sample draws, by inversion, [B, M] int32.

    Args:
        tables: Of the slot.
        draws: Where the samples stand.
        uniforms: From 0 to below 1, [B, M] float64.
        law: How the slot is drawn.
    """
    best_mass, total = law.masses(draws.others)
    target = uniforms * total - best_mass
    # Running sums still hold what is taken: step over all of it that begins at or before the target.
    begins = draws.taken_ends - draws.taken_weights - tf.cumsum(draws.taken_weights, axis=2, exclusive=True)
    over = tf.reduce_sum(tf.where(target[:, :, None] >= begins, draws.taken_weights, 0.0), axis=2)
    found = _place(tables, draws.best, target + over)
    # Rounding can end on a taken place or past the last; no more than that of a double.
    astray = (found >= tf.shape(tables.ends)[2]) | tf.reduce_any(draws.taken == found[:, :, None], axis=2)
    return tf.where((target < 0) | astray, draws.best, found)


def slot_shares(
    tables: SlotTables, drawn: tf.Tensor, best_left: tf.Tensor, others: tf.Tensor, law: SlotLaw
) -> tf.Tensor:
    """Mean over the samples of the closed form P(place in this slot | places taken before it), [B, S, N] float64.

    Args:
        tables: Of the slots.
        drawn: Places that M samples drew, [B, M, S] int32.
        best_left: `Draws.best` before each slot, [B, M, S] int32.
        others: `Draws.others` before each slot, [B, M, S] float64.
        law: How a slot is drawn.
    """
    best_mass, total = law.masses(others)
    rows, slots, width = tf.unstack(tf.shape(tables.weights))
    scale = 1.0 / (total * tf.cast(tf.shape(total)[1], tf.float64))
    is_best = tf.one_hot(best_left, slots, dtype=tf.float64)
    of_heads = tf.reduce_sum(is_best * scale[..., None], axis=1)
    of_best = tf.reduce_sum(is_best * (scale * best_mass)[..., None], axis=1)
    of_taken = _of_taken(tables, drawn, best_left, scale)
    left = tf.matmul(of_heads, tables.weights) - tf.reshape(of_taken, [rows, slots, width])
    return tf.maximum(left, 0.0) + tf.pad(of_best, [[0, 0], [0, 0], [0, width - slots]])


def _of_taken(tables: SlotTables, drawn: tf.Tensor, best_left: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """What `slot_shares` would give to places that are taken before the slot, [B S N] float64."""
    rows, slots, width = tf.unstack(tf.shape(tables.weights))
    cells = best_left[..., None] * width + drawn[:, :, None, :]
    weights = tf.gather(tf.reshape(tables.weights, [rows, slots * width]), cells, batch_dims=1)
    is_before = tf.range(slots)[None, :] < tf.range(slots)[:, None]
    shares = tf.where(is_before, weights * scale[..., None], 0.0)
    slot = tf.range(rows)[:, None, None, None] * slots + tf.range(slots)[:, None]
    return tf.math.unsorted_segment_sum(shares, slot * width + drawn[:, :, None, :], rows * slots * width)


def with_taken(taken: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """Ascending places [B, M, T] with one more [B, M] put in, [B, M, T + 1]."""
    place = place[:, :, None]
    above = tf.concat([taken, tf.fill(tf.shape(place), place.dtype.max)], axis=2)
    below = tf.concat([tf.fill(tf.shape(place), -1), taken], axis=2)
    return tf.ensure_shape(tf.minimum(above, tf.maximum(below, place)), [None, None, None])


def _place(tables: SlotTables, head: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """First place whose running sum exceeds the target where `head` is the best left, [B, M] int32; N or more: none."""
    values = tf.cast(head, tf.float64) + tf.maximum(target, 0.0) * tf.gather(tables.scale, head, batch_dims=1)
    # One search for all heads.
    found = tf.ensure_shape(tf.searchsorted(tables.keys, values, side="right"), [None, None])
    return found - head * tf.shape(tables.ends)[2]
