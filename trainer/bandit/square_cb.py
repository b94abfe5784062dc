"""SquareCB: inverse gap weighting."""

import tensorflow as tf

from trainer.bandit.successive_sampling import SuccessiveSampling


class InverseGap:
    """The law of a slot: p = 1 / (A + gamma (u* - u)) for every candidate left, and the rest for the best of them, u*.

    Foster and Rakhlin 2020, Beyond UCB: Optimal and Efficient Contextual Bandits with Regression Oracles, algorithm 1
    with mu = A. A counts the best and the explorable candidates no better than it. Those that earlier slots took count
    as well: what they would have got is the best's.
    """

    def __init__(self, gamma: float) -> None:
        """Keep gamma, in 1 / utility, positive."""
        self._gamma = gamma

    def weights(self, gaps: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
        """The probabilities themselves."""
        return 1.0 / (left + self._gamma * gaps)

    def masses(self, others: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The best gets what the others leave of 1."""
        return 1.0 - others, tf.ones_like(others)


def square_cb(gamma: float, draws: int = 512) -> SuccessiveSampling:
    """The policy; see `SuccessiveSampling` for its propensities."""
    return SuccessiveSampling(InverseGap(gamma), draws)
