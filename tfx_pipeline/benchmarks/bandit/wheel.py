"""The wheel bandit: does the posterior find a rare, large reward? Regret against that of choosing uniformly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from trainer.bandit.posterior import LinearPosterior

Array = NDArray[np.float64]

DELTA, ROUNDS, SEEDS, TARGET = 0.9, 80_000, 5, 0.05
ARMS = 5
SMALL, MIDDLE, LARGE, DEVIATION = 1.0, 1.2, 50.0, 0.01
"""Expected rewards of the wheel and the standard deviation of each reward, from the paper's section on it."""

GRID_STEP, BUMP_WIDTH = 0.2, 0.16
PRIOR_PRECISION, NOISE_VARIANCE = 0.01, 1.0
"""A weight's prior standard deviation is 10, the size of rewards. The noise covers what bumps miss at an edge."""

FIRST_BATCH, BATCH_SHARE = 20, 50
"""The posterior is updated after 20 rounds, and later after each 1 / 50 of the rounds so far."""


@dataclass(frozen=True, eq=False)
class Wheel:
    """Contexts and what each arm would earn on average.

    Riquelme, Tucker, Snoek 2018, Deep Bayesian Bandits Showdown, "The Wheel bandit". A context is uniform in the unit
    disk. The first arm earns 1.2, the others 1.0; but outside radius delta one of these others, another in each
    quadrant, earns 50.

    Attributes:
        contexts: [R, 2] float64.
        expected: Expected rewards, [R, 5] float64.
    """

    contexts: Array
    expected: Array

    @classmethod
    def draw(cls, rounds: int, delta: float, random: np.random.Generator) -> "Wheel":
        """Draw the contexts of that many rounds."""
        radius, angle = np.sqrt(random.random(rounds)), 2.0 * np.pi * random.random(rounds)
        contexts = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        expected = np.full((rounds, ARMS), SMALL)
        expected[:, 0] = MIDDLE
        outside = np.flatnonzero(radius > delta)
        quadrant = 1 + 2 * (contexts[outside, 0] < 0) + (contexts[outside, 1] < 0)
        expected[outside, quadrant] = LARGE
        return cls(contexts, expected)

    @property
    def uniform_regret(self) -> float:
        """Expected cumulative regret of choosing an arm uniformly."""
        return float((self.expected.max(axis=1) - self.expected.mean(axis=1)).sum())

    def regret(self, arms: NDArray[np.int64]) -> float:
        """Cumulative regret of these choices, one a round: expected reward of the best arm minus the chosen one's."""
        chosen = np.take_along_axis(self.expected, arms[:, None], axis=1)[:, 0]
        return float((self.expected.max(axis=1) - chosen).sum())


def bump_features(contexts: Array) -> Array:
    """Gaussian radial basis functions on a square grid over the disk, and a constant, [R, D] float64."""
    axis = np.arange(-1.0, 1.0 + GRID_STEP, GRID_STEP)
    centres = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    centres = centres[np.hypot(*centres.T) < 1.0 + GRID_STEP]
    squares = ((contexts[:, None] - centres) ** 2).sum(axis=2)
    return np.concatenate([np.exp(-squares / (2.0 * BUMP_WIDTH**2)), np.ones((len(contexts), 1))], axis=1)


def play(wheel: Wheel, random: np.random.Generator) -> NDArray[np.int64]:
    """Thompson sampling with a `LinearPosterior` for each arm; the arm of every round, [R] int64."""
    features = bump_features(wheel.contexts)
    rewards = wheel.expected + DEVIATION * random.standard_normal(wheel.expected.shape)
    posteriors = [LinearPosterior.prior(features.shape[1], PRIOR_PRECISION, NOISE_VARIANCE)] * ARMS
    arms = np.zeros(len(features), np.int64)
    done = 0
    while done < len(features):
        batch = slice(done, done + max(FIRST_BATCH, done // BATCH_SHARE))
        arms[batch] = _thompson(posteriors, features[batch], random)
        for arm in np.unique(arms[batch]).tolist():
            rows = done + np.flatnonzero(arms[batch] == arm)
            posteriors[arm] = posteriors[arm].update(features[rows], rewards[rows, arm])
        done = batch.stop
    return arms


def wheel_figures(rounds: int = ROUNDS, seeds: int = SEEDS) -> Iterator[Figure]:
    """Play the wheel with each seed and give the worst share of uniform's regret.

    Args:
        rounds: Rounds of each seed.
        seeds: How many.
    """
    say(f"wheel bandit, {seeds} x {rounds:,} rounds")
    shares = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        wheel = Wheel.draw(rounds, DELTA, random)
        shares.append(wheel.regret(play(wheel, random)) / wheel.uniform_regret)
    listed = ", ".join(f"{share:.2%}" for share in shares)
    yield Figure.at_most(
        f"wheel bandit, delta {DELTA}, {rounds:,} rounds: cumulative regret over uniform's",
        max(shares),
        "",
        TARGET,
        f"the worst of {seeds} seeds ({listed}); Thompson sampling with one linear posterior an arm on "
        f"{bump_features(np.zeros((1, 2))).shape[1]} fixed features (Gaussian bumps on a grid of step {GRID_STEP}, a "
        f"constant), updated by LinearPosterior.update in growing batches; uniform's regret is its expectation",
    )


def _thompson(posteriors: list[LinearPosterior], features: Array, random: np.random.Generator) -> NDArray[np.int64]:
    """For each round one draw of every arm's weights; the arm that earns most under it."""
    drawn = []
    for posterior in posteriors:
        weights = posterior.mean + random.standard_normal(features.shape) @ posterior.covariance_factor.T
        drawn.append((features * weights).sum(axis=1))
    return np.argmax(drawn, axis=0)
