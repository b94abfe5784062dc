"""Plackett-Luce over mean utilities."""

import tensorflow as tf

from trainer.bandit.successive_sampling import SuccessiveSampling


class PlackettLuce:
    """The law of a slot: probability in proportion to exp(utility / temperature) among what is left.

    Plackett 1975, The Analysis of Permutations. Slates have the distribution of the top k of utility / temperature +
    Gumbel noise (Yellott 1977; Kool, van Hoof and Welling 2019, Stochastic Beams and Where to Find Them).
    """

    def __init__(self, temperature: float) -> None:
        """Keep the temperature, in utility, positive."""
        self._temperature = temperature

    def weights(self, gaps: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
        """exp(-gap / temperature): relative to the best left, so that nothing overflows or vanishes all at once."""
        del left
        return tf.exp(-gaps / self._temperature)

    def masses(self, others: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The best weighs exp(0) = 1, and shares are of the sum of all."""
        return tf.ones_like(others), 1.0 + others


def plackett_luce(temperature: float, draws: int = 512) -> SuccessiveSampling:
    """The policy; see `SuccessiveSampling` for its propensities."""
    return SuccessiveSampling(PlackettLuce(temperature), draws)
