"""Platt scaling: a logistic curve through the log-odds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.calibration.checked import Array, checked_rows, log_odds

_STEPS = 100
_SMALLEST_SLOPE = 0.01


@dataclass(frozen=True)
class Platt:
    """p -> sigmoid(slope * log-odds(p) + intercept).

    Attributes:
        slope: Positive, so that the order stays.
        intercept: Log-odds that are added.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, probabilities: ArrayLike) -> Array:
        """Corrected probabilities, [N]."""
        return _sigmoid(self.slope * log_odds(np.asarray(probabilities, np.float64)) + self.intercept)


def fit_platt(probabilities: ArrayLike, labels: ArrayLike) -> Platt:
    """Fit by maximum likelihood with Platt's targets.

    J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods",
    1999, section 2.2: instead of 1 and 0 the targets are (N+ + 1) / (N+ + 2) and 1 / (N- + 2), so that the fit exists
    whatever the labels. Newton's method with halved steps.

    Args:
        probabilities: Predicted ones, [N].
        labels: 1 where it happened, else 0; [N].

    Raises:
        ValueError: See `checked_rows`.
    """
    predicted, happened = checked_rows(probabilities, labels)
    positives = happened.sum()
    if positives in (0, len(happened)):
        return Platt()
    target = np.where(happened == 1, (positives + 1) / (positives + 2), 1 / (len(happened) - positives + 2))
    rows = np.stack([log_odds(predicted), np.ones(len(predicted))], axis=1)
    slope, intercept = _newton(rows, target, np.array([1.0, 0.0]), free=2)
    if slope < _SMALLEST_SLOPE:
        # Probabilities that say nothing may slope the wrong way; the order of the items is not theirs to turn.
        slope, intercept = _newton(rows, target, np.array([_SMALLEST_SLOPE, 0.0]), free=1)
    return Platt(float(slope), float(intercept))


def _newton(rows: Array, target: Array, weights: Array, free: int) -> Array:
    """Weights of the smallest loss; the last `free` of them move."""
    moves = np.arange(len(weights)) >= len(weights) - free
    loss = _loss(rows, target, weights)
    for _ in range(_STEPS):
        fitted = _sigmoid(rows @ weights)
        gradient = rows[:, moves].T @ (fitted - target)
        hessian = (rows[:, moves] * (fitted * (1 - fitted))[:, None]).T @ rows[:, moves] + 1e-9 * np.eye(free)
        step = np.zeros(len(weights))
        step[moves] = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-6 and _loss(rows, target, weights - size * step) > loss:
            size /= 2
        weights = weights - size * step
        before, loss = loss, _loss(rows, target, weights)
        if before - loss < 1e-10 * max(before, 1.0):
            break
    return weights


def _loss(rows: Array, target: Array, weights: Array) -> float:
    logits = rows @ weights
    return float((np.logaddexp(0.0, logits) - target * logits).sum())


def _sigmoid(logits: Array) -> Array:
    return np.exp(-np.logaddexp(0.0, -logits))
