"""Thompson sampling: what it draws, and whether its propensities are true."""

from collections.abc import Callable
from math import erf, sqrt
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import ArrayLike

from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.slate import Slate
from trainer.bandit.thompson import ThompsonPolicy

SEEDS = 4000
DRAWS = 2000
STANDARD_ERRORS = 4.5

Problem = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _policy(mean: ArrayLike, factor: ArrayLike, draws: int = DRAWS) -> ThompsonPolicy:
    return ThompsonPolicy(tf.constant(mean, tf.float32), tf.constant(factor, tf.float32), draws)


def _one_context(
    policy: ThompsonPolicy, predicted: ArrayLike, features: ArrayLike, k: int, seeds: int = SEEDS
) -> Slate:
    """The slates of one context under many seeds, [seeds, k]."""
    predicted = tf.tile(tf.constant(predicted, tf.float32)[None], [seeds, 1])
    features = tf.tile(tf.constant(features, tf.float32)[None], [seeds, 1, 1])
    slate = tf.function(policy.choose)(
        predicted, features, tf.ones_like(predicted, tf.bool), tf.constant(k), tf.range(seeds, dtype=tf.int64)
    )
    return Slate(*(part.numpy() for part in slate))


def _tolerance(probability: float, draws: int = DRAWS, seeds: int = SEEDS) -> float:
    """Allowed gap between a reported propensity and a frequency: the stated bias and both standard errors."""
    return 1 / (draws + 1) + STANDARD_ERRORS * sqrt(probability * (1 - probability) * (1 / draws + 1 / seeds))


@pytest.fixture(scope="module")
def small_problem() -> Problem:
    """Mean [3], factor [3, 3], predicted [6] and features [6, 3] with close contests."""
    random = np.random.default_rng(5)
    factor = np.tril(random.normal(0, 0.4, (3, 3)))
    return random.normal(0, 0.2, 3), factor, random.normal(0, 0.2, 6), random.normal(size=(6, 3))


@pytest.fixture(scope="module")
def many_slates(small_problem: Problem) -> Slate:
    mean, factor, predicted, features = small_problem
    return _one_context(_policy(mean, factor), predicted, features, k=3)


def test_propensity_agrees_with_the_frequency_over_seeds(many_slates: Slate) -> None:
    pairs = 0
    for slot in range(3):
        for item in range(6):
            shown = many_slates.indices[:, slot] == item
            if shown.any():
                reported = np.unique(many_slates.propensities[shown, slot])
                assert reported.size == 1, "one context, one propensity"
                assert shown.mean() == pytest.approx(reported[0], abs=_tolerance(max(shown.mean(), reported[0])))
                pairs += 1
    assert pairs >= 9


def test_propensities_of_a_slot_sum_to_one_over_the_items(many_slates: Slate) -> None:
    for slot in range(3):
        items = many_slates.indices[:, slot]
        first_seen = [np.argmax(items == item) for item in np.unique(items)]
        # Without the slate's own draw the counts of all items make up the draws, but for items that no seed showed:
        # 4,000 seeds miss an item of probability 0.0025 once in 20,000 times.
        counts = many_slates.propensities[first_seen, slot] * (DRAWS + 1) - 1
        unseen = 6 - len(first_seen)
        assert -0.01 <= DRAWS - counts.sum() <= 0.01 + unseen * 0.0025 * DRAWS


def test_draws_have_the_posterior_mean_and_covariance() -> None:
    mean, factor = np.array([0.3, -0.2]), np.array([[0.5, 0.0], [0.3, 0.4]])
    samples = []
    for direction in np.eye(2):
        slate = _one_context(_policy(mean, factor, draws=1), [0.0], direction[None], k=1)
        samples.append(slate.scores[:, 0])
    np.testing.assert_allclose(np.mean(samples, axis=1), mean, atol=4.5 * 0.5 / sqrt(SEEDS))
    np.testing.assert_allclose(np.cov(samples), factor @ factor.T, atol=4.5 * 0.25 * sqrt(2 / SEEDS))


def test_two_arms_agree_with_the_closed_form() -> None:
    means, deviations = np.array([0.5, 0.0]), np.array([0.3, 0.4])
    slate = _one_context(_policy([0.0, 0.0], np.diag(deviations)), means, np.eye(2), k=1)
    gap = (means[0] - means[1]) / sqrt((deviations**2).sum())
    first_wins = 0.5 * (1 + erf(gap / sqrt(2)))
    error = 1 / (DRAWS + 1) + STANDARD_ERRORS * sqrt(first_wins * (1 - first_wins) / DRAWS)
    for arm, probability in ((0, first_wins), (1, 1 - first_wins)):
        assert slate.propensities[slate.indices == arm][0] == pytest.approx(probability, abs=error)


def test_correlated_arms_agree_with_the_closed_form() -> None:
    factor = np.array([[0.5, 0.0], [0.45, 0.1]])
    slate = _one_context(_policy([0.11, 0.0], factor), [0.0, 0.0], np.eye(2), k=1)
    covariance = factor @ factor.T
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    first_wins = 0.5 * (1 + erf(0.11 / sqrt(2 * variance)))
    error = 1 / (DRAWS + 1) + STANDARD_ERRORS * sqrt(first_wins * (1 - first_wins) / DRAWS)
    assert slate.propensities[slate.indices == 0][0] == pytest.approx(first_wins, abs=error)


def test_without_covariance_it_is_greedy(make_candidates: Callable[..., Any], posterior: LinearPosterior) -> None:
    batch = make_candidates(5, 60)
    batch.features[:, 30:], batch.predicted_utility[:, 30:] = batch.features[:, :30], batch.predicted_utility[:, :30]
    batch.valid[:, 30:] = batch.valid[:, :30]
    thompson = batch.choose(_policy(posterior.mean, np.zeros((5, 5)), draws=32), 12)
    greedy = batch.choose(GreedyPolicy(tf.constant(posterior.mean, tf.float32)), 12)
    np.testing.assert_array_equal(thompson.indices, greedy.indices)
    np.testing.assert_array_equal(thompson.scores, greedy.scores)
    np.testing.assert_array_equal(thompson.propensities, greedy.propensities)


def test_propensity_of_a_long_shot_is_its_floor_and_not_zero() -> None:
    slate = _one_context(_policy([0.0], [[1.0]], draws=16), [0.0, 0.0], [[1.0], [-1.0]], k=2, seeds=50)
    assert set(np.unique(slate.indices[:, 0])) == {0, 1}
    long_shot = _one_context(_policy([0.0], [[1.0]], draws=16), [0.0, 2.5], [[1.0], [-1.0]], k=1, seeds=2000)
    rare = long_shot.propensities[long_shot.indices == 0]
    assert rare.size > 0
    assert rare.min() >= np.float32(1 / 17)


def test_different_seeds_explore(many_slates: Slate) -> None:
    assert len({tuple(row) for row in many_slates.indices}) > 5


@pytest.mark.parametrize("slot", [0, 1])
def test_ips_recovers_the_value_of_another_policy(small_problem: Problem, many_slates: Slate, slot: int) -> None:
    """IPS with the logged propensities, for a policy that always shows the item that sells best in this slot."""
    random = np.random.default_rng(9)
    purchase_rate = random.uniform(0.2, 0.8, 6)
    items, propensities = many_slates.indices[:, slot], many_slates.propensities[:, slot]
    frequent = np.bincount(items, minlength=6) > 200
    target = np.eye(6)[np.argmax(purchase_rate * frequent)]
    rewards = (random.random(SEEDS) < purchase_rate[items]).astype(float)
    terms = target[items] / propensities * rewards
    true_value = float(target @ purchase_rate)
    # A propensity p has relative error sqrt((1 - p) / (p draws)); it moves every term of the item together.
    share = propensities[items == np.argmax(target)][0]
    from_draws = true_value * sqrt((1 - share) / (share * DRAWS))
    error = np.hypot(terms.std() / sqrt(SEEDS), from_draws)
    assert terms.mean() == pytest.approx(true_value, abs=STANDARD_ERRORS * error)
    assert abs(rewards.mean() - true_value) > STANDARD_ERRORS * error, "the logged mean is not the answer"


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)])
def test_nothing_to_choose_from_where_the_graph_knows_it(shape: tuple[int, int]) -> None:
    """With the shapes known beforehand TensorFlow fuses operations that end the process on empty input."""
    policy = _policy([0.0], [[1.0]], draws=16)
    seeds = tf.zeros(shape[:1], tf.int64)
    slate = tf.function(policy.choose)(
        tf.zeros(shape), tf.zeros((*shape, 1)), tf.ones(shape, tf.bool), tf.constant(2), seeds
    )
    np.testing.assert_array_equal(slate.indices, np.full((shape[0], 2), -1))


def test_draws_must_be_positive() -> None:
    with pytest.raises(ValueError, match="^draws: must be at least 1, got 0$"):
        _policy([0.0], [[1.0]], draws=0)
