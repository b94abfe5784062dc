"""Estimators of single slots, against figures worked out by hand, plain formulas, and each other's limits."""

import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import (
    DirectMethod,
    DoublyRobust,
    Estimator,
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    SelfNormalisedInversePropensity,
    ShrunkDoublyRobust,
    SwitchDoublyRobust,
    estimate,
    round_values,
)


def test_values_of_rows(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    expected = {
        DirectMethod(): [0.2, 0.5, 1.0, 0.3, 0.6, 0.7],
        InversePropensity(): [0.0, 2.0, 2.0, 0.0, 0.5, 0.0],
        # The mean weight is 8 / 6.
        SelfNormalisedInversePropensity(): [0.0, 1.5, 1.5, 0.0, 0.375, 0.0],
        DoublyRobust(): [0.2 - 0.05, 0.5 + 0.8, 1.0 + 0.5, 0.3 - 0.8, 0.6 + 0.3, 0.7],
        SwitchDoublyRobust(tau=1.0): [0.2 - 0.05, 0.5, 1.0 + 0.5, 0.3, 0.6 + 0.3, 0.7],
        # Shrunk weights: 4 w / (w^2 + 4).
        ShrunkDoublyRobust(shrinkage=4.0): [
            0.2 - 0.1 * 2 / 4.25,
            0.5 + 0.4 * 8 / 8,
            1.0 + 0.5 * 4 / 5,
            0.3 - 0.2 * 16 / 20,
            0.6 + 0.6 * 2 / 4.25,
            0.7,
        ],
    }
    for estimator, values in expected.items():
        np.testing.assert_allclose(round_values(estimator, log, evaluation), values, atol=1e-12, err_msg=estimator.name)
        assert estimate(estimator, log, evaluation) == pytest.approx(sum(values) / 3)


@pytest.mark.parametrize(
    ("estimator", "same"),
    [
        (SwitchDoublyRobust(math.inf), DoublyRobust()),
        (ShrunkDoublyRobust(math.inf), DoublyRobust()),
        (ShrunkDoublyRobust(1e12), DoublyRobust()),
        (SwitchDoublyRobust(0.0), DirectMethod()),
        (ShrunkDoublyRobust(0.0), DirectMethod()),
    ],
)
def test_limits(estimator: Estimator, same: Estimator, log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    np.testing.assert_allclose(round_values(estimator, log, evaluation), round_values(same, log, evaluation), atol=1e-9)


def test_the_logging_policy_itself_earns_what_it_earned(log: LoggedSlots) -> None:
    itself = EvaluationPolicy(log.propensities)
    for estimator in (InversePropensity(), SelfNormalisedInversePropensity()):
        assert estimate(estimator, log, itself) == pytest.approx(log.rewards.sum() / 3)


def test_refusals(log: LoggedSlots) -> None:
    without_model = EvaluationPolicy(np.zeros(6))
    for estimator in (DirectMethod(), DoublyRobust(), SwitchDoublyRobust(), ShrunkDoublyRobust()):
        with pytest.raises(
            ValueError, match="^this estimator needs a reward model: estimated_rewards and expected_rewards$"
        ):
            estimate(estimator, log, without_model)
    with pytest.raises(ValueError, match="^the evaluation policy shows none of the logged items: every weight is 0$"):
        estimate(SelfNormalisedInversePropensity(), log, without_model)
    with pytest.raises(ValueError, match="^tau is -1, expected at least 0$"):
        SwitchDoublyRobust(-1)
    with pytest.raises(ValueError, match="^shrinkage is nan, expected at least 0$"):
        ShrunkDoublyRobust(math.nan)
