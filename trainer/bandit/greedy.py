"""The policy that never explores."""

import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.slate import Slate, best, fill, one_hot_slots


class GreedyPolicy:
    """Orders by posterior mean utility. Deterministic, so every filled slot has propensity 1."""

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says; the seed is not looked at. Ties go to the lower position."""
        del seed
        return sure_slate(belief.utility, k)

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j), [B, N, K] float32: ones and zeros."""
        del seed
        return sure_distribution(belief.utility, k)


def sure_slate(scores: tf.Tensor, k: tf.Tensor) -> Slate:
    """The slate of a policy that orders by scores [B, N] without a draw; minus infinity is never shown."""
    values, positions = best(scores, k)
    ones = tf.ones_like(values)
    return fill(positions, values, ones, ones, k)


def sure_distribution(scores: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
    """The distribution [B, N, K] of that policy."""
    values, positions = best(scores, k)
    return one_hot_slots(positions, tf.math.is_finite(values), tf.shape(scores)[1], k)
