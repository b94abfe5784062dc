"""Normalised discounted cumulative gain of ranked lists (Jaervelin and Kekaelaeinen 2002), for the objectives."""

import numpy as np


def mean_ndcg(gains: np.ndarray, best: np.ndarray) -> float:
    """Mean NDCG at k.

    Args:
        gains: Gains of the first k places as ranked, [C, k].
        best: Gains of the first k places of the best order there is, [C, k].

    Returns:
        The mean over the lists in whose best order there is something to gain; not a number where there is none.
    """
    discounts = 1 / np.log2(np.arange(2, gains.shape[1] + 2))
    reached, possible = gains @ discounts, best @ discounts
    counts = possible > 0
    return float(np.mean(reached[counts] / possible[counts])) if counts.any() else float("nan")
