"""What every fit of a calibration is given."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

SMALLEST = 1e-7
"""Probabilities are kept this far away from 0 and 1 where their log-odds are taken."""


def checked_rows(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Array, Array]:
    """Probabilities and labels as float64, [N] each.

    Raises:
        ValueError: The shapes differ or are not [N], a probability is outside [0, 1] or NaN, or a label is not 0 or 1.
    """
    predicted, happened = np.asarray(probabilities, np.float64), np.asarray(labels, np.float64)
    if predicted.ndim != 1 or predicted.shape != happened.shape:
        raise ValueError(f"probabilities and labels: shapes {predicted.shape} and {happened.shape}, expected one [N]")
    wrong = np.flatnonzero(~((predicted >= 0) & (predicted <= 1)))
    if len(wrong):
        raise ValueError(f"probabilities: row {wrong[0]} is {predicted[wrong[0]]}, outside [0, 1]")
    wrong = np.flatnonzero((happened != 0) & (happened != 1))
    if len(wrong):
        raise ValueError(f"labels: row {wrong[0]} is {happened[wrong[0]]}, not 0 or 1")
    return predicted, happened


def log_odds(probabilities: Array) -> Array:
    """log(p / (1 - p)), finite also for 0 and 1; [N]."""
    inside = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return np.log(inside) - np.log1p(-inside)
