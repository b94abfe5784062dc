"""Whether things predicted with probability p happen in a share p of the cases."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows with nearly the same predicted probability: one point of a reliability diagram.

    Attributes:
        rows: Number of rows in the bin.
        predicted: Mean predicted probability of these rows.
        observed: Share of them with label 1.
        low: Lower end of the Wilson interval of that share, which takes rows as independent.
        high: Upper end of it.
    """

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


def equal_count_bins(probabilities: NDArray[np.floating[Any]], bins: int) -> NDArray[np.int64]:
    """The bin of every row, from 0 on in order of the probability: about as many rows in each; [N] int64.

    Equal probabilities share the bin of the middle one, so that the order of the rows does not matter; bins may then
    differ in size, and there may be fewer.
    """
    in_order = np.sort(probabilities)
    below = np.searchsorted(in_order, probabilities, side="left")
    up_to = np.searchsorted(in_order, probabilities, side="right")
    # (below + up_to) / 2 rows lie under the middle of the equal ones.
    return np.unique(bins * (below + up_to) // max(1, 2 * len(in_order)), return_inverse=True)[1]


def reliability_bins(
    labels: NDArray[np.float64], probabilities: NDArray[np.float64], bins: NDArray[np.int64]
) -> tuple[ReliabilityBin, ...]:
    """The points of a reliability diagram.

    Args:
        labels: 1 or 0; [N].
        probabilities: Predicted probabilities; [N].
        bins: Bin of every row, from `equal_count_bins`; [N].
    """
    rows = np.bincount(bins)
    predicted, positives = np.bincount(bins, weights=probabilities) / rows, np.bincount(bins, weights=labels)
    return tuple(
        ReliabilityBin(int(size), float(mean), float(hits / size), *wilson_interval(int(hits), int(size)))
        for size, mean, hits in zip(rows, predicted, positives, strict=True)
    )


def wilson_interval(positives: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927).

    Args:
        positives: Rows that count for the share.
        rows: All rows, at least 1.
        level: Confidence level, in (0, 1).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, widening = positives / rows, z**2 / rows
    centre = (share + widening / 2) / (1 + widening)
    half = (widening * share * (1 - share) + widening**2 / 4) ** 0.5 / (1 + widening)
    return max(0.0, centre - half), min(1.0, centre + half)
