"""The empirical Bernstein bound against the paper's formula, and the range of a request's value."""

import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import (
    CascadeDoublyRobust,
    DirectMethod,
    DoublyRobust,
    Estimator,
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    empirical_bernstein,
)
from tfx_pipeline.evaluation.off_policy.bernstein import possible_width


def test_formula() -> None:
    values = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    logarithm = math.log(2 / 0.05)
    margin = math.sqrt(2 * 0.3 * logarithm / 5) + 7 * logarithm / (3 * 4)
    assert empirical_bernstein(values, 1.0, level=0.9) == pytest.approx((0.6 - margin, 0.6 + margin))


def test_scale() -> None:
    values = np.random.default_rng(0).random(50)
    low, high = empirical_bernstein(values, 1.0) or (0, 0)
    assert empirical_bernstein(10 * values, 10.0) == pytest.approx((10 * low, 10 * high))


def test_one_value_has_no_interval() -> None:
    assert empirical_bernstein(np.array([1.0]), 1.0) is None


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"^the values span 2\.0, more than width 1\.0$"):
        empirical_bernstein(np.array([0.0, 2.0]), 1.0)
    with pytest.raises(ValueError, match="^level is 1, expected between 0 and 1$"):
        empirical_bernstein(np.zeros(2), 1.0, level=1)


def test_width_by_hand() -> None:
    log = LoggedSlots(np.array([0.0, 1.0]), np.array([0.5, 0.25]), np.array([0, 0]), np.array([0, 1]))
    evaluation = EvaluationPolicy(np.array([0.5, 0.5]), np.array([0.2, 0.3]), np.array([0.4, 0.7]))
    widths = {DirectMethod(): 0.3, InversePropensity(): 2.0, DoublyRobust(): 0.7 + 2 * 0.8 - (0.4 - 2 * 0.3)}
    for estimator, width in widths.items():
        assert possible_width(estimator.terms(log, evaluation), log, (0.0, 1.0)) == pytest.approx(width)
    with pytest.raises(ValueError, match=r"^the reward of row 1 is 1\.0, outside reward_range 0\.0 to 0\.5$"):
        possible_width(InversePropensity().terms(log, evaluation), log, (0.0, 0.5))


@pytest.mark.parametrize("estimator", [InversePropensity(), DoublyRobust(), CascadeDoublyRobust()])
def test_width_holds_all_requests(estimator: Estimator, log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    terms = estimator.terms(log, evaluation)
    assert np.ptp(log.sums(terms.values(log.rewards))) <= possible_width(terms, log, (0.0, 2.0))
