"""How often the intervals of off-policy estimates hold the truth, on generated logs whose policies' value is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.bandit.generated_slates import GeneratedSlates
from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.evaluation.off_policy import OffPolicySettings, evaluate_policy
from tfx_pipeline.evaluation.off_policy.resampling import Interval

COVERAGE_TARGET = 0.9
SLOTS, REQUESTS, ROUNDS, WORLDS = 3, 2000, 500, 10
MODEL_ERROR = 0.3
BIASED = ("DM", "Switch-DR", "DRos")
"""Estimators that lean on the reward model; only a right one lets their intervals hold the truth."""


@dataclass
class Coverage:
    """Intervals that held the truth, their number, and the sum of their widths."""

    held: int = 0
    count: int = 0
    width: float = 0.0

    def add(self, interval: Interval | None, truth: float) -> None:
        """Count an interval."""
        if interval is not None:
            self.held += interval[0] <= truth <= interval[1]
            self.count += 1
            self.width += interval[1] - interval[0]

    @property
    def share(self) -> float:
        """Share of the intervals that held the truth."""
        return self.held / self.count


def coverage_figures(logs: int = 200) -> Iterator[Figure]:
    """Coverage of the bootstrap and Bernstein intervals of every estimator.

    Args:
        logs: Generated logs.
    """
    say(f"intervals on {logs} generated logs")
    right, wrong = (interval_coverage(logs, error) for error in (0.0, MODEL_ERROR))
    for name in wrong:
        model = "knows the click rates" if name in BIASED else f"is wrong by {MODEL_ERROR:.0%} (standard deviation)"
        for kind, coverage in (right if name in BIASED else wrong)[name].items():
            if not coverage.count:
                continue
            how = (
                f"share of {coverage.count} generated logs of {REQUESTS:,} requests of {SLOTS} slots, {WORLDS} worlds, "
                f"95 % intervals, mean width {coverage.width / coverage.count:.3f} clicks a request; the reward model "
                f"{model}"
            )
            yield Figure.at_least(
                f"{kind} interval of {name} holds the truth", coverage.share, "", COVERAGE_TARGET, how
            )


def interval_coverage(logs: int, model_error: float) -> dict[str, dict[str, Coverage]]:
    """Estimator -> kind of interval ("bootstrap", "Bernstein") -> its coverage.

    Args:
        logs: Generated logs; each has its own seed.
        model_error: Relative standard deviation of the reward model's error.
    """
    found: dict[str, dict[str, Coverage]] = {}
    for seed in np.arange(logs).tolist():
        world = GeneratedSlates.draw(SLOTS, seed % WORLDS, model_error)
        generated = world.log(REQUESTS, seed)
        # A click is 0 or 1, whatever this log holds.
        settings = OffPolicySettings(rounds=ROUNDS, seed=seed, reward_range=(0.0, 1.0))
        for row in evaluate_policy(generated.log, generated.evaluation, settings).rows:
            kinds = found.setdefault(row.name, {"bootstrap": Coverage(), "Bernstein": Coverage()})
            kinds["bootstrap"].add(row.bootstrap, world.value)
            kinds["Bernstein"].add(row.bernstein, world.value)
    return found
