from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tfx_pipeline.benchmarks.bandit.regret import Chooser, LearnerSettings, PolicyName, learn, pair_features
from tfx_pipeline.benchmarks.bandit.simulated_stream import SimulatedStream
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior
from trainer.bandit.settings import ExplorationSettings

ITEMS = [f"item {number}" for number in range(9)]
SETTINGS = LearnerSettings(prior_precision=1.0, item_precision=4.0, noise_variance=0.2, linucb_alpha=1.3)
WIDTH = 5


@pytest.fixture(scope="module")
def posterior() -> LinearPosterior:
    random = np.random.default_rng(0)
    names = [ITEMS[row] for row in random.integers(7, size=60)]
    prior = LinearPosterior.prior(WIDTH, 1.0, 0.2, 4.0)
    return prior.update(random.standard_normal((60, WIDTH)), random.standard_normal(60), names)


def requests(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    rows = random.permuted(np.tile(np.arange(9), (count, 1)), axis=1)[:, :6]
    return random.standard_normal((count, 6, WIDTH)), rows


@pytest.mark.parametrize("policy", ["greedy", "lin_ucb"])
def test_choices_are_those_of_the_graph(policy: PolicyName, posterior: LinearPosterior) -> None:
    features, rows = requests(200)
    ours = Chooser(posterior, ITEMS, SETTINGS).choose(policy, features, rows, np.random.default_rng(0))
    head = ExplorationHead(posterior, ITEMS, ExplorationSettings(linucb_alpha=1.3))
    slate = head.choose(
        policy_names=tf.fill([200], policy),
        predicted_utility=tf.zeros([200, 6]),
        features=tf.constant(features, tf.float32),
        rows=tf.constant(rows, tf.int32),
        valid=tf.ones([200, 6], tf.bool),
        k=tf.constant(1),
        seed=tf.range(200, dtype=tf.int64),
    )
    assert slate.indices.numpy()[:, 0].tolist() == ours.tolist()
    assert len(set(ours.tolist())) == 6


def test_thompson_draws_from_the_posterior(posterior: LinearPosterior) -> None:
    features, rows = (np.repeat(values[:1], 20_000, axis=0) for values in requests(1))
    chosen = Chooser(posterior, ITEMS, SETTINGS).choose("thompson", features, rows, np.random.default_rng(2))
    head = ExplorationHead(posterior, ITEMS, ExplorationSettings(draws=4096))
    propensities = head.distribution(
        policy_names=tf.constant(["thompson"]),
        predicted_utility=tf.zeros([1, 6]),
        features=tf.constant(features[:1], tf.float32),
        rows=tf.constant(rows[:1], tf.int32),
        valid=tf.ones([1, 6], tf.bool),
        k=tf.constant(1),
        seed=tf.zeros([1], tf.int64),
    )
    shares = np.bincount(chosen, minlength=6) / len(chosen)
    assert shares == pytest.approx(propensities.numpy()[0, :, 0], abs=4 * 0.5 / np.sqrt(4096))


def test_epsilon_greedy_is_greedy_but_for_its_share(posterior: LinearPosterior) -> None:
    features, rows = requests(20_000)
    chooser = Chooser(posterior, ITEMS, SETTINGS)
    greedy, mixed = (
        chooser.choose(policy, features, rows, np.random.default_rng(3)) for policy in ("greedy", "epsilon_greedy")
    )
    assert (greedy != mixed).mean() == pytest.approx(0.1 * 5 / 6, abs=0.01)


def test_features_are_user_item_products_and_a_constant() -> None:
    features = pair_features(np.array([[2.0, 3.0]]), np.array([[[5.0, 7.0]]]))
    assert features.tolist() == [[[2, 3, 5, 7, 10, 14, 15, 21, 1]]]


def test_learning_beats_chance_and_repeats() -> None:
    stream = SimulatedStream.draw(2_000, seed=5)
    choices = learn(stream, "thompson", seed=0, settings=SETTINGS)
    assert np.array_equal(choices, learn(stream, "thompson", seed=0, settings=SETTINGS))
    last = slice(1_500, None)
    shown = np.take_along_axis(stream.missed, choices[:, None], axis=1)[last].mean()
    assert shown < 0.3 * stream.missed[last].mean()


def test_the_future_does_not_show() -> None:
    stream = SimulatedStream.draw(300, seed=5)
    other = replace(stream, clicks=stream.clicks.copy())
    other.clicks[150:] = 1.0 - other.clicks[150:]
    ours, theirs = (learn(each, "thompson", seed=0, settings=SETTINGS) for each in (stream, other))
    assert np.array_equal(ours[:200], theirs[:200])
    assert not np.array_equal(ours[200:], theirs[200:])
