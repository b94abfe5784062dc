"""Thompson sampling with linear payoffs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.row_noise import row_uniforms
from trainer.bandit.slate import Slate, best, pad_slots, slate_under

PROPENSITY_SEED = 20130617
"""Seed of the noise behind every propensity: the same for all requests, models and versions."""

_MEMBER_STREAM = 1
_ROWS_AT_ONCE = 4
_OWN_NOISE_WIDTH = 1024


class ThompsonPolicy(tf.Module):
    """Draws one w and one intercept of each item's own for the whole slate and orders by the utility under them.

    Agrawal and Goyal 2013, Thompson Sampling for Contextual Bandits with Linear Payoffs. The draw is one of `draws`
    fixed ones, which the seed picks, each as likely (ensemble sampling: Lu and Van Roy 2017). So the propensity of a
    slot is known without error: the share of the fixed draws that show the candidate there, never below 1 / draws.

    Thompson sampling itself draws from the whole posterior. As an estimate of its propensity p the reported one has a
    standard error of sqrt(p (1 - p) / draws), at most 0.022 for 512 draws, and candidates of p far below 1 / draws are
    as a rule not shown. The score of a slot is the utility under the draw.
    """

    def __init__(self, covariance_factor: tf.Variable | tf.Tensor, draws: int = 512) -> None:
        """Keep the posterior; a variable is read at every call.

        Args:
            covariance_factor: F [D, D] float32 with F F^T = covariance of the shared weights.
            draws: Fixed draws.

        Raises:
            ValueError: `draws` is not positive.
        """
        super().__init__()
        if draws < 1:
            raise ValueError(f"draws: must be at least 1, got {draws}")
        self._factor = covariance_factor
        self._draws = draws
        # RandomState and not a Generator: NumPy promises that its stream never changes.
        random = np.random.RandomState(PROPENSITY_SEED)
        self._noise = random.standard_normal((draws, covariance_factor.shape[0])).astype(np.float32)
        self._own_noise = random.standard_normal((draws, _OWN_NOISE_WIDTH)).astype(np.float32)
        # Variables, not constants: every signature that explores would hold a copy of those. A candidate is a row,
        # so that what belongs to some candidates lies together.
        self._noise_by_feature = tf.Variable(self._noise.T, trainable=False, name="noise")
        self._noise_by_candidate = tf.Variable(self._own_noise.T, trainable=False, name="own_noise")

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says; memory grows with N x draws, not with B."""
        member = self.members(seed)
        width = tf.minimum(k, tf.shape(belief.utility)[1])

        def choose_row(row: tuple[Belief, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            scores, positions = self._orders(row[0], width)
            return self._shares(scores, positions, row[0], k), positions[row[1]], scores[row[1]]

        shares, positions, scores = self._by_row(choose_row, (belief, member), _ROW_CHOICE)
        return slate_under(shares, positions, scores, k)

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32; the seed is not looked at."""
        del seed
        width = tf.minimum(k, tf.shape(belief.utility)[1])
        return self._by_row(lambda row: self._shares(*self._orders(row, width), row, k), belief, _ROW_DISTRIBUTION)

    def members(self, seed: tf.Tensor) -> tf.Tensor:
        """Which of the fixed draws each seed [B] int64 takes, [B] int32."""
        return tf.cast(row_uniforms(seed, 1, _MEMBER_STREAM)[:, 0] * self._draws, tf.int32)

    def _by_row(self, function: Callable[[Any], Any], elements: Any, signature: Any) -> Any:
        # Row by row, so that a slate cannot depend on its batch and [B, draws, N] is never held at once.
        return tf.map_fn(function, elements, fn_output_signature=signature, parallel_iterations=_ROWS_AT_ONCE)

    def _orders(self, row: Belief, width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Utilities and candidates of the first `width` slots under every fixed draw, both [draws, width]."""
        directions = tf.matmul(row.features, tf.convert_to_tensor(self._factor))
        shared = tf.matmul(directions, tf.convert_to_tensor(self._noise_by_feature))
        # The mean is in `utility` already: with no covariance the order is the greedy one to the last bit.
        own = self._own(tf.size(row.utility)) * row.spread[:, None]
        sampled = row.utility[:, None] + (shared + own)
        contenders = _contenders(row.utility, sampled, width)
        scores, places = best(tf.transpose(tf.gather(sampled, contenders)), width)
        return scores, tf.gather(contenders, places)

    def _own(self, candidates: tf.Tensor) -> tf.Tensor:
        """Noise of the intercepts, [N, draws]; candidates 1,024 places apart share theirs."""
        copies = (candidates + _OWN_NOISE_WIDTH - 1) // _OWN_NOISE_WIDTH
        noise = tf.convert_to_tensor(self._noise_by_candidate)
        return tf.cond(copies > 1, lambda: tf.tile(noise, [copies, 1]), lambda: noise)[:candidates]

    def _shares(self, scores: tf.Tensor, positions: tf.Tensor, row: Belief, k: tf.Tensor) -> tf.Tensor:
        """Share of the fixed draws that show each candidate in each slot, [N, K]."""
        width = tf.shape(positions)[1]
        cells = positions * width + tf.range(width)
        shown = tf.cast(tf.math.is_finite(scores), tf.float32)
        counts = tf.math.unsorted_segment_sum(shown, cells, tf.size(row.utility) * width)
        return pad_slots(tf.reshape(counts, [-1, width]) / self._draws, k)


def _contenders(utility: tf.Tensor, sampled: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The candidates that some draw can show; at least `width` of them, int32 [M].

    Under a draw the worst of the `width` candidates of largest mean utility is a bar: what lies below it has at least
    `width` candidates above. Ordering what lies above under some draw orders what every draw shows. The largest mean
    comes first: a search for the largest values that meets them early has little to put right later.

    Args:
        utility: Mean utility of the candidates, [N] float32.
        sampled: Their utilities under the draws, [N, draws] float32.
        width: Slots, at most N.
    """
    _, by_mean = best(utility, tf.size(utility))
    likely = by_mean[:width]
    # Where the likely ones are too few the bar is at minus infinity, from which nothing can be taken away.
    bar = tf.maximum(tf.reduce_min(tf.gather(sampled, likely), axis=0), sampled.dtype.min)
    above = tf.reduce_max(sampled - bar, axis=1) >= 0.0
    return tf.boolean_mask(by_mean, tf.gather(above, by_mean) | (tf.range(tf.size(by_mean)) < width))


_ROW_DISTRIBUTION = tf.TensorSpec([None, None], tf.float32)
_ROW_CHOICE = (_ROW_DISTRIBUTION, tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32))
