"""Ranked lists: what makes one valid, and how items of the history leave it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases

PAD = -1
"""Fills a ranked list behind its last item."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """One ranked list a case.

    Attributes:
        items: Item rows, best first, -1 behind the last one; [C, K] int32.
        scores: What the model ranks by, -inf behind the last one; [C, K] float32. None where it has no scores.
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32] | None = None

    def take(self, indices: NDArray[np.integer[Any]]) -> "Rankings":
        """The lists at `indices`, in that order."""
        return Rankings(self.items[indices], None if self.scores is None else self.scores[indices])

    def first(self, k: int) -> "Rankings":
        """The first k places of every list."""
        return Rankings(self.items[:, :k], None if self.scores is None else self.scores[:, :k])


Ranker = Callable[[EvaluationCases, int, bool], Rankings]
"""`ranker(cases, k, new_only)` ranks k items a case; with `new_only` it leaves out the items of the case's history."""


@runtime_checkable
class RanksBoth(Protocol):
    """A ranker that is quicker when it is asked for all items and for new ones at once."""

    def rank_both(self, cases: EvaluationCases, k: int) -> tuple[Rankings, Rankings]:
        """Lists of all items, and lists without the items of each case's history."""
        ...


def check_rankings(ranked: NDArray[np.integer[Any]], cases: EvaluationCases) -> None:
    """Check that `ranked` holds one valid ranked list a case.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers.
        cases: The C cases that the lists belong to.

    Raises:
        ValueError: The shape or dtype is another, or a list names an item outside the catalogue, names one twice,
            or goes on behind its padding.
    """
    if ranked.ndim != 2 or len(ranked) != len(cases):
        raise ValueError(f"rankings have shape {ranked.shape}, expected one row for each of {len(cases)} cases")
    if not np.issubdtype(ranked.dtype, np.integer):
        raise ValueError(f"rankings hold {ranked.dtype}, expected item rows (integers)")
    in_order = np.sort(ranked, axis=1)
    faults = {
        f"a list ranks an item row outside the catalogue of {cases.item_count}": (
            (ranked < PAD) | (ranked >= cases.item_count)
        ),
        "a list goes on behind its padding": (ranked[:, :-1] == PAD) & (ranked[:, 1:] != PAD),
        "a list ranks an item twice": (in_order[:, 1:] == in_order[:, :-1]) & (in_order[:, 1:] != PAD),
    }
    for fault, where in faults.items():
        if where.any():
            raise ValueError(f"case '{cases.user_ids[int(np.argmax(where.any(axis=1)))]}': {fault}")


def without_history(ranked: Rankings, cases: EvaluationCases) -> Rankings:
    """The rankings without the items of each case's history; later items move up, -1 fills the end."""
    known = np.isin(cases.ranked_keys(ranked.items), cases.keys(cases.history))
    left = np.where(known, PAD, ranked.items)
    closed_up = np.argsort(left == PAD, axis=1, kind="stable")
    items = np.take_along_axis(left, closed_up, axis=1).astype(np.int32)
    if ranked.scores is None:
        return Rankings(items)
    scores = np.take_along_axis(ranked.scores, closed_up, axis=1)
    return Rankings(items, np.where(items == PAD, -np.inf, scores).astype(np.float32))
