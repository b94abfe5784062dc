"""Thompson sampling with linear payoffs."""

import numpy as np
import tensorflow as tf

from trainer.bandit.slate import Slate, best, empty_slate, fill, mean_utility

PROPENSITY_SEED = 20130617
"""Seed of the noise behind every propensity: one matrix, the same for all requests, models and versions."""

_SLATE_STREAM = 1
_ROWS_AT_ONCE = 4


class ThompsonPolicy(tf.Module):
    """Draws one w from the posterior for the whole slate and orders by predicted + phi . w.

    Agrawal and Goyal 2013, Thompson Sampling for Contextual Bandits with Linear Payoffs. The score of a slot is the
    utility under the drawn w.

    The propensity of a slot, P(this candidate in this slot | context) before the draw, has no closed form. It is
    estimated from `draws` further, independent w plus the slate's own, counted once so that it is never 0:
    (1 + count) / (draws + 1). Its bias is (1 - p) / (draws + 1), upwards, so at most 1 / (draws + 1); its standard
    error is at most sqrt(p (1 - p) / draws). The noise behind the draws is the same for all requests: a context shown
    again gets the same propensity again, so the error does not average out over repeats of one context.
    """

    def __init__(
        self, mean: tf.Variable | tf.Tensor, covariance_factor: tf.Variable | tf.Tensor, draws: int = 512
    ) -> None:
        """Keep the posterior; variables are read at every call.

        Args:
            mean: [D] float32.
            covariance_factor: F [D, D] float32 with F F^T = covariance.
            draws: Monte Carlo draws behind a propensity.

        Raises:
            ValueError: `draws` is not positive.
        """
        super().__init__()
        if draws < 1:
            raise ValueError(f"draws: must be at least 1, got {draws}")
        self._mean = mean
        self._factor = covariance_factor
        # RandomState and not a Generator: NumPy promises that its stream never changes.
        self._noise = np.random.RandomState(PROPENSITY_SEED).standard_normal((draws, mean.shape[0])).astype(np.float32)

    def choose(
        self, predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, k: tf.Tensor, seed: tf.Tensor
    ) -> Slate:
        """Choose as `Policy.choose` says; memory grows with N x draws, not with B."""
        # Without a row map_fn fails, and without a candidate oneDNN's fused matmul ends the whole process.
        return tf.cond(
            tf.size(predicted_utility) > 0,
            lambda: self._choose_rows(predicted_utility, features, valid, k, seed),
            lambda: empty_slate(tf.shape(predicted_utility)[0], k),
        )

    def _choose_rows(
        self, predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, k: tf.Tensor, seed: tf.Tensor
    ) -> Slate:
        mean, factor = tf.convert_to_tensor(self._mean), tf.convert_to_tensor(self._factor)
        draws = tf.matmul(tf.constant(self._noise), factor, transpose_b=True)

        def choose_row(row: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]) -> Slate:
            row_predicted, row_features, row_valid, row_seed = row
            utility = mean_utility(row_predicted, row_features, row_valid, mean)
            deviations = tf.concat([_own_draw(row_seed, factor), draws], axis=0)
            return _choose_row(utility, row_features, deviations, k)

        # Row by row, so that a slate cannot depend on its batch and [B, draws, N] is never held at once.
        return tf.map_fn(
            choose_row,
            (predicted_utility, features, valid, seed),
            fn_output_signature=Slate(
                tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.float32)
            ),
            parallel_iterations=_ROWS_AT_ONCE,
        )


def _own_draw(seed: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    # Philox by name: left to choose, TensorFlow takes another generator on another device.
    noise = tf.random.stateless_normal([1, factor.shape[0]], tf.stack([seed, _SLATE_STREAM]), alg="philox")
    return tf.matmul(noise, factor, transpose_b=True)


def _choose_row(utility: tf.Tensor, features: tf.Tensor, deviations: tf.Tensor, k: tf.Tensor) -> Slate:
    """Slate of one row: utility [N] and features [N, D]; deviations [1 + draws, D] from the mean, its own first."""
    # Positions without a candidate may hold NaN, which would survive the minus infinity of their utility.
    features = tf.where(tf.math.is_finite(utility)[:, None], features, 0.0)
    # The mean is in `utility` already: with no covariance the order is the greedy one to the last bit.
    sampled = utility + tf.matmul(deviations, features, transpose_b=True)
    scores, positions = best(sampled, k)
    same = tf.cast(tf.equal(positions, positions[:1]), tf.float32)
    return fill(positions[0], scores[0], tf.reduce_mean(same, axis=0), k)
