"""Support and verdict: when a log may be believed."""

import dataclasses

import numpy as np
import pytest

from tfx_pipeline.evaluation.off_policy import (
    Diagnostics,
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    OffPolicySettings,
    Verdict,
    verdict,
)
from tfx_pipeline.evaluation.off_policy.diagnostics import diagnose

GOOD = Diagnostics(1000, 200, 400.0, 1.02, 8.0, 0.01)


def test_diagnostics_by_hand(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    found = diagnose(log, InversePropensity().terms(log, evaluation))
    # Mean weights of requests 3, 5 and 7: 5.5 / 3, 0 and 1.25.
    size = (5.5 / 3 + 1.25) ** 2 / ((5.5 / 3) ** 2 + 1.25**2)
    assert dataclasses.astuple(found) == pytest.approx((3, 2, size, 8 / 6, 4.0, 0.5))


def test_no_weight_at_all(log: LoggedSlots) -> None:
    found = diagnose(log, InversePropensity().terms(log, EvaluationPolicy(np.zeros(6))))
    assert dataclasses.astuple(found) == (3, 0, 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        ((0.01, 0.5), Verdict("better", "95% interval of the difference to the logging policy: 0.01 to 0.5")),
        ((-0.5, -0.01), Verdict("worse", "95% interval of the difference to the logging policy: -0.5 to -0.01")),
        (
            (0.0, 0.5),
            Verdict("cannot tell", "95% interval of the difference to the logging policy: 0 to 0.5, which contains 0"),
        ),
        (None, Verdict("cannot tell", "the difference to the logging policy has no interval")),
    ],
)
def test_strong_support(difference: tuple[float, float] | None, expected: Verdict) -> None:
    assert verdict(difference, GOOD, OffPolicySettings()) == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"effective_sample_size": 2.0},
            "the effective sample size is 2.0 of 1000 requests, expected at least 100",
        ),
        ({"rewarded_requests": 3}, "3 requests with a weight earned something, expected at least 10"),
        (
            {"mean_weight": 0.6},
            "the mean weight is 0.600, expected 1 within 0.2: the logging policy does not show what this one shows, or "
            "its propensities are not true",
        ),
        ({"maximum_weight_share": 0.31}, "one row has 31.0% of the weight, expected at most 10.0%"),
    ],
)
def test_weak_support_refuses_even_a_clear_difference(change: dict[str, float], reason: str) -> None:
    found = dataclasses.replace(GOOD, **change)
    assert verdict((1.0, 2.0), found, OffPolicySettings()) == Verdict("cannot tell", f"weak support: {reason}")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("level", 1.0, "level is 1.0, expected between 0 and 1"),
        ("rounds", 0, "rounds is 0, expected at least 1"),
        ("tau", -1.0, "tau is -1.0, expected at least 0"),
        ("weight_clip", 0.0, "weight_clip is 0.0, expected above 0"),
        ("reward_range", (1.0, 0.0), "reward_range is (1.0, 0.0), expected the smaller one first"),
    ],
)
def test_refused_settings(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError) as error:
        OffPolicySettings(**{name: value})  # type: ignore[arg-type]
    assert str(error.value) == message
