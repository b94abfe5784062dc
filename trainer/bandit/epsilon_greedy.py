"""Epsilon-greedy over whole slates."""

import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.row_noise import row_uniforms
from trainer.bandit.slate import Slate, best, one_hot_slots, pad_slots, slate_under

_COIN_STREAM, _ORDER_STREAM = 11, 12


class EpsilonGreedyPolicy:
    """Greedy's slate, but a share epsilon of all slates is a uniform random order of the explorable candidates.

    What is not explorable keeps the slot that greedy gives it, in the random slates as well. Propensities are in closed
    form: with E explorable candidates, an open slot shows each with probability epsilon / E, and 1 - epsilon more for
    the one that greedy shows there.
    """

    def __init__(self, epsilon: float) -> None:
        """Keep the share of random slates, 0 to 1."""
        self._epsilon = epsilon

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says. A random slate's scores are its mean utilities, which do not fall."""
        scores, greedy = best(belief.utility, k)
        explores = row_uniforms(seed, 1, _COIN_STREAM) < self._epsilon
        positions = tf.where(explores, self._random_order(belief, greedy, seed), greedy)
        scores = tf.gather(belief.utility, positions, batch_dims=1)
        return slate_under(self.distribution(belief, k, seed), positions, scores, k)

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32, in closed form."""
        del seed
        scores, greedy = best(belief.utility, k)
        filled = tf.math.is_finite(scores)
        open_slots = filled & tf.gather(belief.explorable, greedy, batch_dims=1)
        explorable = tf.cast(belief.explorable, tf.float32)
        share = tf.math.divide_no_nan(explorable, tf.reduce_sum(explorable, axis=1, keepdims=True))
        candidates = tf.shape(belief.utility)[1]
        uniform = share[:, :, None] * pad_slots(tf.cast(open_slots, tf.float32), k)[:, None, :]
        kept = one_hot_slots(greedy, filled & ~open_slots, candidates, k)
        sure = one_hot_slots(greedy, filled, candidates, k)
        return (1.0 - self._epsilon) * sure + self._epsilon * (uniform + kept)

    def _random_order(self, belief: Belief, greedy: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Candidates of the slots [B, S] int32: explorable ones in a random order around those that are not."""
        keys = row_uniforms(seed, tf.shape(belief.utility)[1], _ORDER_STREAM)
        _, shuffled = tf.math.top_k(tf.where(belief.explorable, keys, -1.0), tf.shape(greedy)[1])
        is_open = tf.gather(belief.explorable, greedy, batch_dims=1)
        number = tf.maximum(tf.cumsum(tf.cast(is_open, tf.int32), axis=1) - 1, 0)
        return tf.where(is_open, tf.gather(shuffled, number, batch_dims=1), greedy)
