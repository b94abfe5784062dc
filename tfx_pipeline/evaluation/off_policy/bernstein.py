"""The empirical Bernstein bound: an interval that holds for any number of requests."""

import math

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.off_policy.estimator import RoundTerms
from tfx_pipeline.evaluation.off_policy.logged_slots import LoggedSlots
from tfx_pipeline.evaluation.off_policy.resampling import Interval


def empirical_bernstein(values: NDArray[np.float64], width: float, level: float = 0.95) -> Interval | None:
    """Two-sided interval of the mean of independent bounded values (Maurer and Pontil 2009, theorem 4).

    With probability 1 - d, mean <= sample mean + sqrt(2 V ln(2/d) / n) + 7 w ln(2/d) / (3 (n - 1)), V the sample
    variance and w the width of the values' range; both sides together need d = (1 - level) / 2.

    Args:
        values: One value a request; [Q] float64.
        width: Largest less smallest value that is possible.
        level: Confidence; in (0, 1).

    Returns:
        Lower and upper end; None for fewer than two values.

    Raises:
        ValueError: `level` is outside (0, 1), or the values span more than `width`.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}, expected between 0 and 1")
    if len(values) < 2:
        return None
    span = float(np.ptp(values))
    if span > width * (1 + 1e-9) + 1e-12:
        raise ValueError(f"the values span {span}, more than width {width}")
    logarithm = math.log(4 / (1 - level))
    spread = math.sqrt(2 * float(values.var(ddof=1)) * logarithm / len(values))
    margin = spread + 7 * width * logarithm / (3 * (len(values) - 1))
    mean = float(values.mean())
    return mean - margin, mean + margin


def possible_width(terms: RoundTerms, log: LoggedSlots, reward_range: tuple[float, float]) -> float:
    """Width of the range of a request's value, control + weight x (reward - baseline) summed over its slots.

    The largest weight of each slot and the ranges of control and baseline are those in the log, the rewards' is given.

    Args:
        terms: Parts of the estimator's values.
        log: The log.
        reward_range: Smallest and largest reward of a slot.

    Raises:
        ValueError: A reward of the log is outside the range.
    """
    low, high = reward_range
    outside = (log.rewards < low) | (log.rewards > high)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise ValueError(f"the reward of row {row} is {log.rewards[row]}, outside reward_range {low} to {high}")
    lengths_differ = len(np.unique(np.bincount(log.request_rows))) > 1
    width = 0.0
    for slot in np.unique(log.slots):
        rows = log.slots == slot
        ends = _ends(terms, rows, low, high)
        # A slot that some slates do not have is 0 there.
        width += max(*ends, 0.0) - min(*ends, 0.0) if lengths_differ else ends[1] - ends[0]
    return width


def _ends(terms: RoundTerms, rows: NDArray[np.bool_], low: float, high: float) -> Interval:
    weight, control, baseline = terms.weights[rows].max(), terms.control[rows], terms.baseline[rows]
    lowest = control.min() + min(0.0, weight * (low - baseline.max()))
    highest = control.max() + max(0.0, weight * (high - baseline.min()))
    return float(lowest), float(highest)
