"""A slate: what a policy shows, with scores and propensities; and the steps that every policy shares."""

from typing import NamedTuple, Protocol

import tensorflow as tf


class Slate(NamedTuple):
    """The chosen candidates, best first. Slots that no candidate could fill have index -1, score 0, propensity 0.

    Attributes:
        indices: Positions in the candidate list, [B, K] int32.
        scores: What the policy ordered by, in utility, [B, K] float32.
        propensities: P(this candidate in this slot | context), before any draw, [B, K] float32.
    """

    indices: tf.Tensor
    scores: tf.Tensor
    propensities: tf.Tensor


class Policy(Protocol):
    """Turns scored candidates into a slate. The slate of a row depends on that row alone."""

    def choose(
        self, predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, k: tf.Tensor, seed: tf.Tensor
    ) -> Slate:
        """Choose a slate for every row.

        Args:
            predicted_utility: The ranker's utility, [B, N] float32.
            features: The ranker's last layer with the constant, [B, N, D] float32; see `with_constant`.
            valid: Whether there is a candidate, [B, N] bool. Other positions may hold anything. A valid candidate
                whose utility is not finite cannot be ordered and counts as not valid.
            k: Length K of the slates, scalar int32, not negative; may exceed N.
            seed: Seed of every row, [B] int64; equal seeds and equal rows give equal slates.
        """
        ...


def with_constant(features: tf.Tensor) -> tf.Tensor:
    """Features [..., D - 1] with a constant 1 appended, [..., D]; the graph's `evidence.append_constant`."""
    return tf.concat([features, tf.ones_like(features[..., :1])], axis=-1)


def mean_utility(predicted_utility: tf.Tensor, features: tf.Tensor, valid: tf.Tensor, mean: tf.Tensor) -> tf.Tensor:
    """predicted + phi . mean, [..., N] float32, and minus infinity where no candidate can be ordered."""
    # A product and a sum over the last axis, not a matmul: its result for a row cannot depend on the batch's size.
    utility = predicted_utility + tf.reduce_sum(features * mean, axis=-1)
    return tf.where(valid & tf.math.is_finite(utility), utility, -float("inf"))


def best(utility: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The largest min(k, N) values of each row and their positions, [..., min(k, N)]; ties go to the lower position."""
    values, positions = tf.math.top_k(utility, k=tf.minimum(k, tf.shape(utility)[-1]), sorted=True)
    return values, positions


def empty_slate(rows: tf.Tensor, k: tf.Tensor) -> Slate:
    """A slate of which no slot is filled, [rows, K]."""
    shape = tf.stack([rows, k])
    return Slate(tf.fill(shape, -1), tf.zeros(shape), tf.zeros(shape))


def fill(positions: tf.Tensor, scores: tf.Tensor, propensities: tf.Tensor, k: tf.Tensor) -> Slate:
    """A slate of exactly K slots, from [..., min(k, N)]; slots whose score is minus infinity stay empty."""
    filled = tf.math.is_finite(scores)
    missing = k - tf.shape(positions)[-1]
    padding = [[0, 0]] * (positions.shape.rank - 1) + [[0, missing]]
    return Slate(
        tf.pad(tf.where(filled, positions, -1), padding, constant_values=-1),
        tf.pad(tf.where(filled, scores, 0.0), padding),
        tf.pad(tf.where(filled, propensities, 0.0), padding),
    )
