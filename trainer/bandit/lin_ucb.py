"""LinUCB: optimism in the face of uncertainty."""

import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.greedy import sure_distribution, sure_slate
from trainer.bandit.slate import Slate


class LinUCBPolicy(tf.Module):
    """Orders by mean utility + alpha x standard deviation of the mean utility. Deterministic: propensities are 1.

    Li, Chu, Langford and Schapire 2010, A Contextual-Bandit Approach to Personalized News Article Recommendation,
    algorithm 1, with one model shared by all items and an intercept of each item's own.
    """

    def __init__(self, covariance_factor: tf.Variable | tf.Tensor, alpha: float) -> None:
        """Keep the posterior; a variable is read at every call.

        Args:
            covariance_factor: F [D, D] float32 with F F^T = covariance of the shared weights.
            alpha: Standard deviations added, not negative.
        """
        super().__init__()
        self._factor = covariance_factor
        self._alpha = alpha

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says; the seed is not looked at. Ties go to the lower position."""
        del seed
        return sure_slate(self._bounds(belief), k)

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j), [B, N, K] float32: ones and zeros."""
        del seed
        return sure_distribution(self._bounds(belief), k)

    def _bounds(self, belief: Belief) -> tf.Tensor:
        factor = tf.convert_to_tensor(self._factor)
        # Row by row: how a matmul rounds may depend on its number of rows, and so on the batch.
        variance = tf.map_fn(
            lambda features: tf.reduce_sum(tf.square(tf.matmul(features, factor)), axis=1),
            belief.features,
            fn_output_signature=tf.TensorSpec([None], tf.float32),
        )
        deviation = tf.sqrt(variance + tf.square(belief.spread))
        # What is not explorable gets no bonus.
        return belief.utility + self._alpha * tf.where(belief.explorable, deviation, 0.0)
