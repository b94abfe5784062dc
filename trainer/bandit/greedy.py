"""The policy that never explores."""

import tensorflow as tf

from trainer.bandit.slate import Slate, best, fill, mean_utility


class GreedyPolicy(tf.Module):
    """Orders by predicted + phi . mean. Deterministic, so every filled slot has propensity 1."""

    def __init__(self, mean: tf.Variable | tf.Tensor) -> None:
        """Keep the posterior mean, [D] float32; a variable is read at every call."""
        super().__init__()
        self._mean = mean

    def choose(
        self, predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, k: tf.Tensor, seed: tf.Tensor
    ) -> Slate:
        """Choose as `Policy.choose` says; the seed is not looked at. Ties go to the lower position."""
        del seed
        utility = mean_utility(predicted_utility, features, valid, tf.convert_to_tensor(self._mean))
        scores, positions = best(utility, k)
        return fill(positions, scores, tf.ones_like(scores), k)
