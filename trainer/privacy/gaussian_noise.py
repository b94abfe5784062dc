"""The noise that hides one user in the sum of all."""

from collections.abc import Sequence

import tensorflow as tf


def noisy_mean(
    sums: Sequence[tf.Tensor],
    clip_norm: float,
    noise_multiplier: float,
    expected_users: int,
    random: tf.random.Generator,
) -> list[tf.Tensor]:
    """Sums of clipped gradients with noise of standard deviation sigma C on every number, divided by the mean count.

    Source: Abadi et al. 2016, "Deep learning with differential privacy", algorithm 1. Every number gets noise, those
    of rows that no user of the step touched too. The divisor is the number of users that a step expects, not how many
    came: that number is a secret.

    Args:
        sums: One a variable.
        clip_norm: C.
        noise_multiplier: Sigma.
        expected_users: Mean number of users in a step.
        random: Source of noise. The accounting holds only if nobody else can repeat its draws.
    """
    deviation = noise_multiplier * clip_norm
    return [(total + random.normal(tf.shape(total), stddev=deviation)) / expected_users for total in sums]
