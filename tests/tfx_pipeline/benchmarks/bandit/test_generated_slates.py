"""Generated slates: their known value is what the policy earns when it is run."""

import numpy as np
import pytest

from tfx_pipeline.benchmarks.bandit.generated_slates import GeneratedSlates


def test_value_is_what_the_policy_earns() -> None:
    world = GeneratedSlates.draw(slots=2, seed=3, model_error=0.0)
    run = GeneratedSlates(world.evaluation, world.evaluation, world.click_rates, world.estimated).log(40_000, seed=0)
    clicks = run.log.sums(run.log.rewards)
    assert clicks.mean() == pytest.approx(world.value, abs=4 * clicks.std() / 200)
    np.testing.assert_allclose(run.log.propensities, run.evaluation.propensities)


def test_propensities_and_reward_model() -> None:
    world = GeneratedSlates.draw(slots=3, seed=5, model_error=0.2)
    generated = world.log(4, seed=1)
    rows = np.arange(12)
    np.testing.assert_allclose(world.logging.sum(axis=2), 1)
    np.testing.assert_array_equal(generated.log.slots, np.tile([0, 1, 2], 4))
    np.testing.assert_array_equal(generated.evaluation.propensities, generated.distribution[rows, generated.actions])
    np.testing.assert_array_equal(generated.evaluation.estimated_rewards, generated.estimates[rows, generated.actions])
    expected = (generated.distribution * generated.estimates).sum(axis=1)
    np.testing.assert_allclose(generated.evaluation.expected_rewards, expected)


def test_worlds_and_logs_are_seeded() -> None:
    first, again, other = (GeneratedSlates.draw(2, seed, model_error=0.1) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.estimated, again.estimated)
    np.testing.assert_array_equal(first.log(9, 4).actions, again.log(9, 4).actions)
    assert first.value != other.value
