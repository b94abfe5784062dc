"""The anomaly score: how far two kinds of signs agree that nobody behaves like this."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.automation.signs import Kind, Sign

KINDS: tuple[Kind, ...] = ("pace", "rhythm", "choice", "outcome")
COMPARED_EVENTS = 10
"""Events from which on a user or an item counts for what is usual. Programs have many events, people often do not: if
only those with enough events for a score counted, a few programs could pass for what everybody does."""
NOTEWORTHY = 3.5
"""Robust deviations from which on a sign is told as a reason (Iglewicz and Hoaglin 1993, section 3.3)."""


@dataclass(frozen=True)
class Scores:
    """Scores of G users or items.

    Attributes:
        total: The score, float64 [G]; 0 for those with too few events.
        of_signs: How far out each sign is, float64 [signs, G].
        usual: Median of each sign, float64 [signs].
    """

    total: np.ndarray
    of_signs: np.ndarray
    usual: np.ndarray


def score(signs: tuple[Sign, ...], values: np.ndarray, sizes: np.ndarray, minimum_events: int) -> Scores:
    """Combine signs.

    Each kind of signs counts as much as its strongest sign, and the score is the second strongest kind: one odd habit
    makes nobody a program, a wholesaler buys a lot and somebody has to work at night.

    Args:
        signs: The signs.
        values: What was measured, float64 [signs, G].
        sizes: Events of each group, int [G]. Those with `COMPARED_EVENTS` say what is usual.
        minimum_events: Events that a group needs for a score.
    """
    known = np.where(sizes >= COMPARED_EVENTS, values, np.nan)
    of_signs = np.stack([sign.scores(row) for sign, row in zip(signs, known, strict=True)])
    of_kinds = [
        of_signs[[place for place, sign in enumerate(signs) if sign.kind == kind]].max(axis=0, initial=0.0)
        for kind in KINDS
    ]
    total = np.sort(np.stack(of_kinds), axis=0)[-2]
    return Scores(np.where(sizes >= minimum_events, total, 0.0), of_signs, np.array([_median(row) for row in known]))


def reasons(signs: tuple[Sign, ...], scores: Scores, values: np.ndarray, group: int) -> list[str]:
    """Why one group has its score, the strongest sign first."""
    order = np.argsort(-scores.of_signs[:, group], kind="stable")
    return [
        signs[place].reason(values[place, group], scores.usual[place])
        for place in order
        if scores.of_signs[place, group] >= NOTEWORTHY
    ]


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
