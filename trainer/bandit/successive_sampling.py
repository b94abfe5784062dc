"""Slates drawn slot by slot without replacement, and the propensities of such slates."""

from typing import Any

import numpy as np
import tensorflow as tf

from trainer.bandit.belief import Belief
from trainer.bandit.row_noise import row_uniforms
from trainer.bandit.slate import Slate, pad_slots, slate_under
from trainer.bandit.slot_sampler import Ranked, SlotLaw, draw_slot, draws_before, slot_shares, slot_tables, with_taken
from trainer.bandit.thompson import PROPENSITY_SEED

_SLATE_STREAM = 21
_ROWS_AT_ONCE = 4
_FIXED_SLOTS = 128


class SuccessiveSampling:
    """Draws every slot by one law from what the slots before it left. Only explorable candidates are drawn by weight.

    A candidate that is not explorable is shown only where it is the best that is left. The propensity of the first slot
    is in closed form. That of a later slot is the mean of its closed form given the slots before, over `draws` fixed
    samples of those slots and the slate's own, counted once so that no shown candidate has propensity 0 (Rao-Blackwell:
    Casella and Robert 1996). The samples are stratified (Latin hypercube). Over the candidates a slot sums to 1. The
    standard error of a propensity p is below that of counting, sqrt(p (1 - p) / draws): at most 0.063 for 64 draws.
    The own slots move it by at most 1 / (draws + 1), upwards on average. The noise behind the samples is the same for
    all requests, so the error does not average out over repeats of one context.
    """

    def __init__(self, law: SlotLaw, draws: int = 512) -> None:
        """Keep the law.

        Args:
            law: How a slot is drawn.
            draws: Fixed samples behind a propensity.

        Raises:
            ValueError: `draws` is not positive.
        """
        if draws < 1:
            raise ValueError(f"draws: must be at least 1, got {draws}")
        self._law = law
        # RandomState and not a Generator: NumPy promises that its stream never changes.
        random = np.random.RandomState(PROPENSITY_SEED)
        strata = np.stack([random.permutation(draws) for _ in range(_FIXED_SLOTS)], axis=1)
        self._fixed = (strata + random.random_sample(strata.shape)) / draws

    def choose(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> Slate:
        """Choose as `Policy.choose` says; memory grows with K x (N + draws), not with B. Scores are mean utilities."""
        ranked = Ranked.of(belief)
        drawn, shares = self._by_row(ranked, k, seed)
        scores, places = _scored(ranked, drawn)
        slate = slate_under(shares, places, scores, k)
        return slate._replace(indices=_unranked(ranked, slate.indices))

    def distribution(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """P(candidate n in slot j | context), [B, N, K] float32; the seed decides the own slots that are counted."""
        ranked = Ranked.of(belief)
        _, shares = self._by_row(ranked, k, seed)
        return tf.gather(shares, tf.argsort(ranked.order, axis=1), batch_dims=1)

    def draw(self, belief: Belief, k: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The candidates that `choose` shows, without their propensities: [B, min(K, N)] int32, -1 where none is."""
        ranked = Ranked.of(belief)
        width = tf.minimum(k, tf.shape(belief.utility)[1])
        drawn, _ = _walk(ranked, row_uniforms(seed, width, _SLATE_STREAM)[:, None, :], self._law, None)
        present = drawn[:, 0] < ranked.width
        return _unranked(ranked, tf.where(present, drawn[:, 0], -1))

    def _by_row(self, ranked: Ranked, k: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The places drawn [B, S] int32, N where none is, and the propensities [B, N, K] float32 by place."""
        width = tf.minimum(k, ranked.width)
        fixed = tf.gather(tf.constant(self._fixed), tf.range(width) % _FIXED_SLOTS, axis=1)

        def of_row(row: tuple[Ranked, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            uniforms = tf.concat([row[1][None, :], fixed], axis=0)[None]
            batch = Ranked(*(part[None] for part in row[0]))
            drawn, shares = _walk(batch, uniforms, self._law, k)
            return drawn[0, 0], shares[0]

        own = row_uniforms(seed, width, _SLATE_STREAM)
        return tf.map_fn(
            of_row,
            (ranked, own),
            fn_output_signature=(tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None], tf.float32)),
            parallel_iterations=_ROWS_AT_ONCE,
        )


def _walk(ranked: Ranked, uniforms: tf.Tensor, law: SlotLaw, k: tf.Tensor | None) -> tuple[tf.Tensor, tf.Tensor]:
    """Draw M samples of a slate.

    Args:
        ranked: B rows of N candidates.
        uniforms: One a slot, from 0 to below 1, [B, M, S] float64.
        law: How a slot is drawn.
        k: Slots of the propensities; None computes none and gives the places twice.

    Returns:
        Places drawn, [B, M, S] int32, N where none is left; and the propensities by place, [B, N, K] float32.
    """
    slots = tf.shape(uniforms)[2]
    tables = slot_tables(ranked, slots, law)

    def draw(slot: tf.Tensor, taken: tf.Tensor, *so_far: tf.TensorArray) -> tuple[Any, ...]:
        draws = draws_before(tables, taken)
        place = draw_slot(tables, draws, uniforms[:, :, slot], law)
        now = (place, draws.best, draws.others)
        return slot + 1, with_taken(taken, place), *(one.write(slot, new) for one, new in zip(so_far, now, strict=True))

    nothing = tf.zeros([tf.shape(uniforms)[0], tf.shape(uniforms)[1], 0], tf.int32)
    arrays = [tf.TensorArray(kind, slots, element_shape=[None, None]) for kind in (tf.int32, tf.int32, tf.float64)]
    shapes = (tf.TensorShape([]), tf.TensorShape([None, None, None]), *[tf.TensorShape(None)] * 3)
    _, _, *drawn = tf.while_loop(
        lambda slot, *_: slot < slots, draw, (tf.constant(0), nothing, *arrays), shape_invariants=shapes
    )
    places, best_left, others = (tf.transpose(one.stack(), [1, 2, 0]) for one in drawn)
    present = tf.reduce_sum(tf.cast(tf.math.is_finite(ranked.utility), tf.int32), axis=1)
    filled = tf.range(slots) < present[:, None]
    shown = tf.where(filled[:, None, :], places, ranked.width)
    if k is None:
        return shown, shown
    shares = tf.where(filled[:, :, None], slot_shares(tables, places, best_left, others, law), 0.0)
    return shown, pad_slots(tf.cast(tf.transpose(shares, [0, 2, 1]), tf.float32), k)


def _unranked(ranked: Ranked, places: tf.Tensor) -> tf.Tensor:
    """Positions in the candidate list of places [B, S]; -1 stays."""
    return tf.where(places >= 0, tf.gather(ranked.order, tf.maximum(places, 0), batch_dims=1), -1)


def _scored(ranked: Ranked, drawn: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Scores of places drawn [B, S], minus infinity where none was, and the places within the list."""
    candidates = ranked.width
    places = tf.minimum(drawn, candidates - 1)
    utility = tf.cast(tf.gather(ranked.utility, places, batch_dims=1), tf.float32)
    return tf.where(drawn < candidates, utility, -float("inf")), places
