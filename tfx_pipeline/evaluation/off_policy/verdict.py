"""Whether a policy is better than the one that logged, worse, or whether the log cannot tell."""

from dataclasses import dataclass
from typing import Literal

from tfx_pipeline.evaluation.off_policy.diagnostics import Diagnostics
from tfx_pipeline.evaluation.off_policy.resampling import Interval
from tfx_pipeline.evaluation.off_policy.settings import OffPolicySettings

Outcome = Literal["better", "worse", "cannot tell"]


@dataclass(frozen=True)
class Verdict:
    """What may be concluded.

    Attributes:
        outcome: "better", "worse" or "cannot tell", than the logging policy.
        reason: One sentence.
    """

    outcome: Outcome
    reason: str


def verdict(difference: Interval | None, diagnostics: Diagnostics, settings: OffPolicySettings) -> Verdict:
    """Conclude, if the support allows it.

    Args:
        difference: Interval of the policy's value less the logging policy's, on the same resamples; None if it could
            not be found.
        diagnostics: Support of the estimate that `difference` is from.
        settings: Bounds of the support.
    """
    weak = weak_support(diagnostics, settings)
    if weak:
        return Verdict("cannot tell", f"weak support: {'; '.join(weak)}")
    if difference is None:
        return Verdict("cannot tell", "the difference to the logging policy has no interval")
    low, high = difference
    interval = f"{settings.level:.0%} interval of the difference to the logging policy: {low:.6g} to {high:.6g}"
    if low > 0:
        return Verdict("better", interval)
    if high < 0:
        return Verdict("worse", interval)
    return Verdict("cannot tell", f"{interval}, which contains 0")


def weak_support(diagnostics: Diagnostics, settings: OffPolicySettings) -> list[str]:
    """What is wrong with the support, one phrase each; empty where it is strong enough."""
    found = diagnostics
    weak = []
    if found.effective_sample_size < settings.minimum_effective_sample_size:
        weak.append(
            f"the effective sample size is {found.effective_sample_size:.1f} of {found.requests} requests, expected at "
            f"least {settings.minimum_effective_sample_size:g}"
        )
    if found.rewarded_requests < settings.minimum_rewarded_requests:
        weak.append(
            f"{found.rewarded_requests} requests with a weight earned something, expected at least "
            f"{settings.minimum_rewarded_requests}"
        )
    if abs(found.mean_weight - 1) > settings.mean_weight_tolerance:
        weak.append(
            f"the mean weight is {found.mean_weight:.3f}, expected 1 within {settings.mean_weight_tolerance:g}: the "
            "logging policy does not show what this one shows, or its propensities are not true"
        )
    if found.maximum_weight_share > settings.maximum_weight_share:
        weak.append(
            f"one row has {found.maximum_weight_share:.1%} of the weight, expected at most "
            f"{settings.maximum_weight_share:.1%}"
        )
    return weak
