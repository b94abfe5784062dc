"""Propensities against the frequencies of 200,000 draws, for every policy and behind the guard rails.

Chi-squared by slot. Greedy and LinUCB draw nothing; epsilon-greedy, Thompson sampling (over its fixed draws) and every
first slot are exact, so the one-sample test applies. A later slot of square_cb and plackett_luce is estimated: its
estimate takes as many fixed samples as slates are drawn, and the two-sample form counts the noise of both, which is
cautious by what the estimate gains on counting.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chi2

from tests.trainer.bandit.conftest import DRAWS, ITEM_IDS, SETTINGS
from trainer.bandit.belief import Belief
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.guard_rails import ExploredSlots, without_best
from trainer.bandit.lin_ucb import LinUCBPolicy
from trainer.bandit.plackett_luce import plackett_luce
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import POLICIES, ExplorationSettings
from trainer.bandit.slate import best
from trainer.bandit.square_cb import square_cb
from trainer.bandit.successive_sampling import SuccessiveSampling
from trainer.bandit.thompson import ThompsonPolicy

SLATES = 200_000
CANDIDATES, SLOTS = 6, 3
GUARDED = replace(SETTINGS, explored_share=0.5, minimum_relevance=0.3, never_explore=tuple(ITEM_IDS[::5]))


def _p_value(counts: np.ndarray, shares: np.ndarray, two_samples: bool) -> float:
    """Of the chi-squared test that these counts [N] are of draws with these probabilities [N]."""
    assert counts[shares == 0].sum() == 0, "a candidate was shown whose propensity is 0"
    if (shares > 0).sum() == 1:
        return 1.0
    counts, expected = counts[shares > 0], SLATES * shares[shares > 0]
    statistic = ((counts - expected) ** 2 / expected).sum() / (2 if two_samples else 1)
    return float(chi2.sf(statistic, df=len(expected) - 1))


def _slates(policy: ExploredSlots, belief: Belief, seeds: tf.Tensor, settings: ExplorationSettings) -> np.ndarray:
    """The slates that the policy shows one context under many seeds, [seeds, K]; vectorised where `choose` loops."""
    behind_rails = policy._policy
    if isinstance(behind_rails, ThompsonPolicy):
        members = behind_rails.members(seeds).numpy()
        present, first = np.unique(members, return_index=True)
        assert len(present) == DRAWS
        return _shown(policy, belief, tf.gather(seeds, first))[members]
    if isinstance(behind_rails, SuccessiveSampling):
        sure = tf.constant(SLOTS - _explored(settings))
        many = _repeated(belief, len(seeds))
        greedy = best(many.utility, sure)[1].numpy()
        drawn = behind_rails.draw(without_best(many, sure), SLOTS - sure, seeds).numpy()
        np.testing.assert_array_equal(np.hstack([greedy, drawn])[:20], _shown(policy, belief, seeds[:20]))
        return np.hstack([greedy, drawn])
    if isinstance(behind_rails, LinUCBPolicy):
        # Nothing is drawn, so a few slates stand for all.
        return np.resize(_shown(policy, belief, seeds[:20]), (len(seeds), SLOTS))
    return _shown(policy, belief, seeds)


def _shown(policy: ExploredSlots, belief: Belief, seeds: tf.Tensor) -> np.ndarray:
    return policy.choose(_repeated(belief, len(seeds)), tf.constant(SLOTS), seeds).indices.numpy()


def _repeated(belief: Belief, rows: int) -> Belief:
    return Belief(*(tf.repeat(values, rows, axis=0) for values in belief))


def _explored(settings: ExplorationSettings) -> int:
    return int(np.ceil(settings.explored_share * SLOTS))


def _sampled_often(name: str, settings: ExplorationSettings) -> ExploredSlots:
    """The policy with as many samples behind a propensity as slates are drawn."""
    law = (
        square_cb(settings.squarecb_gamma, SLATES)
        if name == "square_cb"
        else plackett_luce(settings.plackett_luce_temperature, SLATES)
    )
    return ExploredSlots(law, settings.explored_share)


@pytest.mark.parametrize("settings", [SETTINGS, GUARDED], ids=["free", "guarded"])
@pytest.mark.parametrize("name", POLICIES)
def test_frequencies_of_draws_agree_with_the_propensities(
    name: str, settings: ExplorationSettings, posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(1, CANDIDATES, seed=4, share_valid=1.0)
    head = ExplorationHead(posterior, ITEM_IDS, settings)
    belief = head.belief(batch.predicted_utility, batch.features, batch.rows, batch.valid)
    slates = _slates(head._policies[name], belief, tf.range(SLATES, dtype=tf.int64), settings)
    sampled = name in ("square_cb", "plackett_luce")
    policy = _sampled_often(name, settings) if sampled else head._policies[name]
    shares = policy.distribution(belief, tf.constant(SLOTS), tf.constant(batch.seed)).numpy()[0]
    first_explored = SLOTS - _explored(settings)
    for slot in range(SLOTS):
        counts = np.bincount(slates[:, slot], minlength=CANDIDATES)
        assert _p_value(counts, shares[:, slot], two_samples=sampled and slot > first_explored) > 0.001
    if name not in ("greedy", "lin_ucb"):
        assert (shares[:, -1] > 0).sum() > 1, "nothing was explored"
