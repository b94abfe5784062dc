"""Robust z-scores: how far out a value is, measured so that the outliers do not move the measure."""

import numpy as np

_CONSISTENT_MAD, _CONSISTENT_MEAN = 1.4826, 1.2533
"""What turns the median, or the mean, of absolute deviations into the standard deviation of a normal distribution."""


def robust_z_scores(values: np.ndarray, least_deviation: float) -> np.ndarray:
    """Modified z-scores (Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers", section 3.2).

    The deviation is 1.4826 times the median of the absolute deviations from the median; where more than half of the
    values are equal, so that this is 0, it is 1.2533 times their mean.

    Args:
        values: float64 [N], not a number where unknown.
        least_deviation: The deviation is at least this: a shop whose users are all alike would make the slightest
            difference infinite. Above 0.

    Returns:
        float64 [N]; 0 where the value is unknown.

    Raises:
        ValueError: `least_deviation` is not above 0.
    """
    if least_deviation <= 0:
        raise ValueError(f"least_deviation: above 0, not {least_deviation}")
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    from_median = values[known] - np.median(values[known])
    deviation = _CONSISTENT_MAD * np.median(np.abs(from_median))
    if deviation == 0:
        deviation = _CONSISTENT_MEAN * np.abs(from_median).mean()
    scores = np.zeros(len(values))
    scores[known] = from_median / max(deviation, least_deviation)
    return scores
