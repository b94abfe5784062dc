"""How off-policy estimates are made and when they are believed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class OffPolicySettings:
    """Settings of `evaluate_policy`.

    Attributes:
        tau: Largest weight that Switch-DR uses.
        shrinkage: lambda of DRos.
        rounds: Resamples of the bootstrap, at least 1.
        level: Confidence of the intervals, in (0, 1).
        seed: Equal seeds give equal intervals.
        weight_clip: Largest weight in the Bernstein interval. Where it clips and rewards are not negative, the lower
            end still holds for the policy; the upper end is that of the clipped estimate. Infinity: no clipping.
        reward_range: Smallest and largest reward that a slot can earn; None takes them from the log, which is right
            only if it holds both.
        verdict_estimator: Name of the estimator that the verdict asks; None: DR with a reward model, else SNIPS.
        minimum_effective_sample_size: Requests that the weighted log must be worth.
        minimum_rewarded_requests: Requests that must have earned something.
        mean_weight_tolerance: How far the mean weight may be from 1, which it is on average if the logging policy can
            show all that the other shows and the propensities are true.
        maximum_weight_share: Share of all weight that one row may have.

    Raises:
        ValueError: A value is out of its range.
    """

    tau: float = 10.0
    shrinkage: float = 100.0
    rounds: int = 1000
    level: float = 0.95
    seed: int = 0
    weight_clip: float = math.inf
    reward_range: tuple[float, float] | None = None
    verdict_estimator: str | None = None
    minimum_effective_sample_size: float = 100.0
    minimum_rewarded_requests: int = 10
    mean_weight_tolerance: float = 0.2
    maximum_weight_share: float = 0.1

    def __post_init__(self) -> None:
        for name in ("tau", "shrinkage", "minimum_effective_sample_size", "minimum_rewarded_requests"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "at least 0")
        _check("rounds", self.rounds, self.rounds >= 1, "at least 1")
        _check("level", self.level, 0 < self.level < 1, "between 0 and 1")
        for name in ("weight_clip", "mean_weight_tolerance", "maximum_weight_share"):
            _check(name, getattr(self, name), getattr(self, name) > 0, "above 0")
        if self.reward_range is not None:
            low, high = self.reward_range
            _check("reward_range", self.reward_range, low <= high, "the smaller one first")


def _check(name: str, value: object, is_valid: bool, expected: str) -> None:
    if not is_valid:
        raise ValueError(f"{name} is {value}, expected {expected}")
