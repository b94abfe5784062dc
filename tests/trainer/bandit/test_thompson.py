"""Thompson sampling: what its fixed draws are, and how near its propensities come to those of the posterior."""

from collections.abc import Callable
from math import erf, sqrt
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import ArrayLike

from trainer.bandit.belief import Belief
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.thompson import ThompsonPolicy

DRAWS = 2000
STANDARD_ERRORS = 4.0


def _policy(factor: ArrayLike, draws: int = DRAWS) -> ThompsonPolicy:
    return ThompsonPolicy(tf.constant(factor, tf.float32), draws)


def _context(utility: ArrayLike, features: ArrayLike, spread: ArrayLike | None = None) -> Belief:
    mean = tf.constant([utility], tf.float32)
    own = tf.zeros_like(mean) if spread is None else tf.constant([spread], tf.float32)
    return Belief(mean, tf.constant([features], tf.float32), own, tf.ones_like(mean, tf.bool))


def _first_slot(policy: ThompsonPolicy, belief: Belief) -> np.ndarray:
    return policy.distribution(belief, tf.constant(1), tf.zeros([1], tf.int64)).numpy()[0, :, 0]


@pytest.mark.parametrize(
    ("factor", "spread", "gap"),
    [
        (np.diag([0.3, 0.4]), [0.0, 0.0], 0.5),
        ([[0.5, 0.0], [0.45, 0.1]], [0.0, 0.0], 0.11),
        (np.zeros((2, 2)), [0.3, 0.6], 0.4),
        ([[0.5, 0.0], [0.45, 0.1]], [0.2, 0.1], 0.2),
    ],
    ids=["independent", "correlated", "own intercepts", "both"],
)
def test_two_arms_agree_with_the_closed_form(factor: ArrayLike, spread: list[float], gap: float) -> None:
    shares = _first_slot(_policy(factor), _context([gap, 0.0], np.eye(2), spread))
    covariance = np.asarray(factor) @ np.asarray(factor).T + np.diag(spread) ** 2
    deviation = sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    first_wins = 0.5 * (1 + erf(gap / deviation / sqrt(2)))
    assert shares[0] == pytest.approx(first_wins, abs=STANDARD_ERRORS * sqrt(first_wins * (1 - first_wins) / DRAWS))
    assert shares.sum() == pytest.approx(1, abs=1e-6)


def test_candidates_far_apart_share_the_noise_of_their_intercepts() -> None:
    """A list longer than the table of noise: the table starts over."""
    policy = _policy([[0.0]], draws=32)
    belief = _context(np.zeros(1030), np.zeros((1030, 1)), np.ones(1030))
    slate = policy.choose(belief, tf.constant(3), tf.zeros([1], tf.int64))
    assert len(set(slate.indices.numpy()[0])) == 3
    np.testing.assert_array_equal(policy._own(tf.constant(1030))[1024:], policy._own(tf.constant(6)))


def test_scores_are_the_utilities_under_the_draw_that_the_seed_picks() -> None:
    factor = np.array([[0.5, 0.0], [0.3, 0.4]])
    policy, belief = _policy(factor, draws=16), _context([0.1, 0.2, 0.3], [[1, 0], [0, 1], [1, 1]], [0.1, 0.2, 0.3])
    for seed in range(5):
        seeds = tf.constant([seed], tf.int64)
        slate = policy.choose(belief, tf.constant(3), seeds)
        member = policy.members(seeds).numpy()[0]
        weights = factor @ policy._noise[member]
        sampled = belief.utility.numpy()[0] + belief.features.numpy()[0] @ weights
        sampled = sampled + policy._own_noise[member, :3] * belief.spread.numpy()[0]
        np.testing.assert_allclose(slate.scores.numpy()[0], -np.sort(-sampled), rtol=1e-5)
        np.testing.assert_array_equal(slate.indices.numpy()[0], np.argsort(-sampled))


def test_no_shown_candidate_has_a_propensity_below_one_draw(
    head: ExplorationHead, make_candidates: Callable[..., Any]
) -> None:
    slate = make_candidates(1, 25).repeated(np.arange(300)).choose(head, "thompson", 5)
    assert slate.propensities.min() >= np.float32(1 / head.settings.draws)
    assert slate.propensities.min() < 0.05


def test_without_covariance_it_is_greedy(make_candidates: Callable[..., Any]) -> None:
    utility = np.random.default_rng(3).normal(size=60)
    utility[30:] = utility[:30]
    belief = _context(utility, np.ones((60, 2)))
    slate = _policy(np.zeros((2, 2)), draws=32).choose(belief, tf.constant(12), tf.zeros([1], tf.int64))
    expected = np.argsort(-utility.astype(np.float32), kind="stable")[:12]
    np.testing.assert_array_equal(slate.indices, [expected])
    np.testing.assert_array_equal(slate.scores, [utility[expected].astype(np.float32)])
    assert (slate.propensities.numpy() == 1).all()


def test_ips_recovers_the_value_of_another_policy(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    """IPS with the logged propensities, for a policy that always shows the item that sells best in this slot."""
    slate = make_candidates(1, 6, seed=4, share_valid=1.0).repeated(np.arange(4000)).choose(head, "thompson", 3)
    random = np.random.default_rng(9)
    purchase_rate = random.uniform(0.2, 0.8, 6)
    for slot in range(3):
        items, propensities = slate.indices[:, slot], slate.propensities[:, slot]
        frequent = np.bincount(items, minlength=6) > 200
        target = np.eye(6)[np.argmax(purchase_rate * frequent)]
        terms = target[items] / propensities * (random.random(4000) < purchase_rate[items])
        error = STANDARD_ERRORS * terms.std() / sqrt(4000)
        assert terms.mean() == pytest.approx(float(target @ purchase_rate), abs=error)


def test_draws_must_be_positive() -> None:
    with pytest.raises(ValueError, match="^draws: must be at least 1, got 0$"):
        _policy([[1.0]], draws=0)


@pytest.mark.parametrize("scale", [0.0, 0.01, 0.3, 3.0])
@pytest.mark.parametrize("present", [1, 4, 60, 300])
def test_leaving_out_what_no_draw_shows_changes_nothing(scale: float, present: int) -> None:
    """Against the order of all candidates under every draw, from no spread to one that hides the means."""
    random = np.random.default_rng(present)
    candidates, width, dimension = 300, 20, 4
    factor = scale * np.linalg.qr(random.normal(size=(dimension, dimension)))[0]
    utility = np.where(np.arange(candidates) < present, random.choice(40, candidates) / 40, -np.inf)
    features = random.normal(size=(candidates, dimension))
    features[present:] = 0
    spread = np.where(np.arange(candidates) < present, scale * random.random(candidates), 0)
    policy, belief = _policy(factor, draws=128), _context(utility, features, spread)
    row = Belief(*(part[0] for part in belief))
    scores, positions = policy._orders(row, tf.constant(width))
    directions = tf.matmul(row.features, tf.constant(factor, tf.float32))
    shared = tf.matmul(directions, policy._noise, transpose_b=True).numpy()
    sampled = row.utility.numpy()[:, None] + (shared + policy._own(tf.constant(candidates)) * row.spread[:, None])
    best, places = tf.math.top_k(tf.transpose(sampled), width)
    np.testing.assert_array_equal(scores, best)
    shown = np.isfinite(best)
    np.testing.assert_array_equal(positions.numpy()[shown], places.numpy()[shown])
