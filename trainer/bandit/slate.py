"""A slate: what a policy shows, with scores and propensities; and the steps that every policy shares."""

from typing import NamedTuple, Protocol

import tensorflow as tf

from trainer.bandit.belief import Belief


class Slate(NamedTuple):
    """The chosen candidates, best first. A slot that no candidate could fill has index -1 and zeros.

    Attributes:
        indices: Positions in the candidate list, [B, K] int32.
        scores: What the policy ordered by, in utility; of a random order the mean utilities. [B, K] float32.
        propensities: P(this candidate in this slot | context), before any draw, [B, K] float32.
        inclusions: P(this candidate anywhere in the slate | context), [B, K] float32.
    """

    indices: tf.Tensor
    scores: tf.Tensor
    propensities: tf.Tensor
    inclusions: tf.Tensor


class Policy(Protocol):
    """Turns a belief about the candidates into a slate. The slate of a row depends on that row alone."""

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose a slate for every row.

        Args:
            belief: B rows of N candidates, both at least 1.
            k: Length K of the slates, scalar int32, at least 1; may exceed N.
            seed: Seed of every row, [B] int64; equal seeds and equal rows give equal slates.
        """
        ...

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32: the propensities that `choose` reports.

        Over the candidates a slot that can be filled sums to 1 and any other to 0.
        """
        ...


def with_constant(features: tf.Tensor) -> tf.Tensor:
    """Features [..., D - 1] with a constant 1 appended, [..., D]; the graph's `evidence.append_constant`."""
    return tf.concat([features, tf.ones_like(features[..., :1])], axis=-1)


def best(utility: tf.Tensor, k: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The largest min(k, N) values of each row and their positions, [..., min(k, N)]; ties go to the lower position."""
    values, positions = tf.math.top_k(utility, k=tf.minimum(k, tf.shape(utility)[-1]), sorted=True)
    return values, positions


def one_hot_slots(positions: tf.Tensor, filled: tf.Tensor, candidates: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
    """The distribution [B, N, K] of an order that is sure.

    Args:
        positions: Candidate of each slot, [B, S] int32 with S <= K.
        filled: Whether the slot has one, [B, S] bool.
        candidates: N, scalar int32.
        k: K, scalar int32.
    """
    slots = tf.one_hot(tf.where(filled, positions, -1), candidates, axis=1)
    return pad_slots(slots, k)


def pad_slots(values: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
    """Values [..., S] with zeros for the slots that are missing, [..., K]."""
    missing = k - tf.shape(values)[-1]
    return tf.pad(values, [[0, 0]] * (values.shape.rank - 1) + [[0, missing]])


def empty_slate(rows: tf.Tensor, k: tf.Tensor) -> Slate:
    """A slate of which no slot is filled, [rows, K]."""
    shape = tf.stack([rows, k])
    return Slate(tf.fill(shape, -1), tf.zeros(shape), tf.zeros(shape), tf.zeros(shape))


def fill(
    positions: tf.Tensor, scores: tf.Tensor, propensities: tf.Tensor, inclusions: tf.Tensor, k: tf.Tensor
) -> Slate:
    """A slate of exactly K slots, from [B, S] with S <= K; slots whose score is minus infinity stay empty."""
    filled = tf.math.is_finite(scores)
    numbers = (pad_slots(tf.where(filled, part, 0.0), k) for part in (scores, propensities, inclusions))
    padding = [[0, 0], [0, k - tf.shape(positions)[1]]]
    return Slate(tf.pad(tf.where(filled, positions, -1), padding, constant_values=-1), *numbers)


def inclusion_probabilities(distribution: tf.Tensor) -> tf.Tensor:
    """P(candidate n anywhere in the slate | context), [B, N, K] to [B, N] float32: the sum over the slots.

    An estimated distribution may give a candidate that is all but sure a little more than 1. What is above goes to the
    candidates below 1, each by what it lacks, so that a slate of K filled slots still has K in all. As no more slots
    are filled than there are candidates with a chance, there is room for it.
    """
    sums = tf.reduce_sum(distribution, axis=2)
    lacking = tf.where(sums > 0, tf.maximum(1.0 - sums, 0.0), 0.0)
    above = tf.reduce_sum(tf.maximum(sums - 1.0, 0.0), axis=1, keepdims=True)
    share = tf.math.divide_no_nan(above, tf.reduce_sum(lacking, axis=1, keepdims=True))
    return tf.minimum(sums + lacking * share, 1.0)


def slate_under(distribution: tf.Tensor, positions: tf.Tensor, scores: tf.Tensor, k: tf.Tensor) -> Slate:
    """A slate of exactly K slots with the propensities that a distribution [B, N, K] gives the chosen candidates.

    Args:
        distribution: [B, N, K] float32.
        positions: [B, S] int32 with S <= K, within the list also where nothing was chosen.
        scores: [B, S] float32, minus infinity where nothing was chosen.
        k: K, scalar int32.
    """
    chosen = tf.gather(distribution, positions, batch_dims=1)
    inclusions = tf.gather(inclusion_probabilities(distribution), positions, batch_dims=1)
    return fill(positions, scores, tf.linalg.diag_part(chosen[:, :, : tf.shape(positions)[1]]), inclusions, k)
