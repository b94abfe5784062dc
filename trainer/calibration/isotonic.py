"""Isotonic calibration: the increasing curve that fits best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.calibration.checked import Array, checked_rows

_PRIOR_ROWS = 20.0
"""Rows that the prediction itself counts in every pool."""

OWN_SHARE = 1e-3
"""Share of the original probability in a corrected one. It is the tiny slope that keeps apart what the curve alone
would tie: items in one order stay in it."""


@dataclass(frozen=True)
class Isotonic:
    """p -> (1 - `OWN_SHARE`) * curve(p) + `OWN_SHARE` * p, with a curve of straight pieces.

    Attributes:
        knots: Increasing probabilities from 0 to 1, [M].
        levels: The curve at the knots, not decreasing, [M].
    """

    knots: Array
    levels: Array

    def __call__(self, probabilities: ArrayLike) -> Array:
        """Corrected probabilities, [N]."""
        predicted = np.asarray(probabilities, np.float64)
        return (1 - OWN_SHARE) * np.interp(predicted, self.knots, self.levels) + OWN_SHARE * predicted


def fit_isotonic(probabilities: ArrayLike, labels: ArrayLike) -> Isotonic:
    """Fit with pool adjacent violators.

    Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002,
    section 3. Their curve is a staircase; ours goes in straight pieces through the mean probability and the share of
    labels 1 of each pool (centred isotonic regression, Oron and Flournoy, "Centered isotonic regression", 2017), which
    ties no two items that are in different pools or at different places of one. It ends in (0, 0) and (1, 1).

    The level of a pool is that of its rows and of 20 more that happened as often as predicted.

    Args:
        probabilities: Predicted ones, [N].
        labels: 1 where it happened, else 0; [N].

    Raises:
        ValueError: See `checked_rows`.
    """
    predicted, happened = checked_rows(probabilities, labels)
    if happened.sum() in (0, len(happened)):
        return Isotonic(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    places, owners = np.unique(predicted, return_inverse=True)
    rows, hits = np.bincount(owners), np.bincount(owners, happened)
    pools = pool_adjacent_violators(hits / rows, rows.astype(np.float64))
    count = np.bincount(pools, rows)
    knots = np.bincount(pools, places * rows) / count
    # A pool of one lucky row must not say that all above it is sure.
    levels = (np.bincount(pools, hits) + _PRIOR_ROWS * knots) / (count + _PRIOR_ROWS)
    levels = np.maximum.accumulate(levels)
    inside = (knots > 0) & (knots < 1)
    # As the graph has them: float32, where two knots may be one.
    knots, first = np.unique(np.concatenate([[0.0], knots[inside], [1.0]]).astype(np.float32), return_index=True)
    levels = np.concatenate([[0.0], levels[inside], [1.0]])[first]
    return Isotonic(knots.astype(np.float64), levels)


def pool_adjacent_violators(values: Array, weights: Array) -> np.ndarray:
    """The pools of the increasing sequence that is nearest to `values` in weighted squares.

    Args:
        values: [N].
        weights: Positive, [N].

    Returns:
        Number of the pool of each value, from 0 on, not decreasing, int64 [N]; the fit is the pool's weighted mean.
    """
    means: list[float] = []
    masses: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, mass, length = value, weight, 1
        while means and means[-1] >= mean:
            other = masses.pop()
            mean = (mean * mass + means.pop() * other) / (mass + other)
            mass, length = mass + other, length + lengths.pop()
        means.append(mean)
        masses.append(mass)
        lengths.append(length)
    return np.repeat(np.arange(len(lengths)), lengths)
