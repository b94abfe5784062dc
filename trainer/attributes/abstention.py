"""When a classifier had better say nothing."""

import numpy as np

NEVER = 2.0
"""A threshold that no probability reaches."""
LEAST_ANSWERS = 20
"""Answers that it takes to judge how often they are right."""


def abstention_threshold(probabilities: np.ndarray, is_right: np.ndarray, precision: float) -> float:
    """The lowest probability such that the answers from it on are right often enough.

    It is the working point on the risk-coverage curve with the most answers (Geifman and El-Yaniv 2017, "Selective
    Classification for Deep Neural Networks", section 3).

    Args:
        probabilities: Probability of each answer, on items that nothing was trained on, float [N].
        is_right: Whether the answer is right, bool [N].
        precision: Share of the given answers that should be right.

    Returns:
        The threshold; `NEVER` where no `LEAST_ANSWERS` answers reach the precision.

    Raises:
        ValueError: `precision` is no share.
    """
    if not 0 < precision <= 1:
        raise ValueError(f"precision: above 0 and at most 1, not {precision}")
    order = np.argsort(-probabilities, kind="stable")
    sorted_probabilities = probabilities[order]
    reached = np.cumsum(is_right[order]) >= precision * np.arange(1, len(order) + 1)
    # Equal probabilities are answered together or not at all.
    is_last = np.append(sorted_probabilities[1:] != sorted_probabilities[:-1], True)[: len(order)]
    allowed = np.flatnonzero(reached & is_last)
    allowed = allowed[allowed >= LEAST_ANSWERS - 1]
    return float(sorted_probabilities[allowed[-1]]) if len(allowed) else NEVER
