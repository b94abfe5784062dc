"""What the posterior believes of the candidates of a request."""

from typing import NamedTuple

import tensorflow as tf


class Belief(NamedTuple):
    """Utility of a candidate: utility + psi . (w - mean of w) + spread e, where w is shared and e ~ N(0, 1) is its own.

    Attributes:
        utility: Posterior mean utility, [B, N] float32; minus infinity where there is no candidate to be ordered.
        features: psi = phi - the item's centre, [B, N, D] float32; zeros where there is nothing to explore.
        spread: Standard deviation of the item's own intercept given w, in utility, [B, N] float32.
        explorable: Whether the candidate takes part in exploration, [B, N] bool.
    """

    utility: tf.Tensor
    features: tf.Tensor
    spread: tf.Tensor
    explorable: tf.Tensor


class ItemTables(NamedTuple):
    """What the posterior knows of the items of the catalogue; the last row stands for every other item.

    Attributes:
        offset: Mean of the own intercept where w = 0, in utility, [V + 1] float32.
        centre: How that mean falls with w, [V + 1, D] float32.
        spread: Its standard deviation given w, in utility, [V + 1] float32.
        explorable: Whether the item may be explored, [V + 1] bool.
    """

    offset: tf.Tensor
    centre: tf.Tensor
    spread: tf.Tensor
    explorable: tf.Tensor


def believe(
    predicted_utility: tf.Tensor,
    features: tf.Tensor,
    rows: tf.Tensor,
    valid: tf.Tensor,
    mean: tf.Tensor,
    items: ItemTables,
) -> Belief:
    """Posterior mean utility and what the policies vary it by.

    Args:
        predicted_utility: The ranker's utility, [B, N] float32.
        features: The ranker's last layer with the constant, phi, [B, N, D] float32.
        rows: Catalogue rows of the candidates, 0 to V, [B, N] int32.
        valid: Whether there is a candidate, [B, N] bool. Other positions may hold anything in the first two arguments.
            A valid candidate whose utility is not finite cannot be ordered and counts as not valid.
        mean: Posterior mean of w, [D] float32.
        items: The own intercepts.
    """
    own = features - tf.gather(items.centre, rows)
    # A product and a sum over the last axis, not a matmul: its result for a row cannot depend on the batch's size.
    utility = predicted_utility + tf.gather(items.offset, rows) + tf.reduce_sum(own * mean, axis=-1)
    present = valid & tf.math.is_finite(utility)
    return Belief(
        utility=tf.where(present, utility, -float("inf")),
        # Positions without a candidate may hold NaN, which would survive the minus infinity of their utility.
        features=tf.where(present[..., None], own, 0.0),
        spread=tf.where(present, tf.gather(items.spread, rows), 0.0),
        explorable=present & tf.gather(items.explorable, rows),
    )
