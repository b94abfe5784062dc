"""Histories as baskets: which items each held, how long ago, and how many baskets ago."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class BasketLines:
    """The distinct items of the baskets of C histories. A basket is what was bought at one moment.

    Attributes:
        owners: Case of each line; int64 [E].
        items: Item row; int64 [E].
        ages: Days to the cut; float64 [E].
        baskets_ago: 0 for the latest basket of its case, 1 for the one before it; int64 [E].
        basket_counts: Baskets of each case; int64 [C].
    """

    owners: NDArray[np.int64]
    items: NDArray[np.int64]
    ages: NDArray[np.float64]
    baskets_ago: NDArray[np.int64]
    basket_counts: NDArray[np.int64]


def basket_numbers(owners: NDArray[np.int64], ages: NDArray[np.float32]) -> NDArray[np.int64]:
    """Number the baskets of events ordered by owner and time; int64 [E], from 0, never decreasing."""
    starts = (np.diff(owners) != 0) | (np.diff(ages) != 0)
    return np.concatenate([np.zeros(min(1, len(owners)), np.int64), np.cumsum(starts)])


def basket_lines(cases: EvaluationCases) -> BasketLines:
    """Read the histories.

    Raises:
        ValueError: The cases have no ages.
    """
    if cases.ages is None:
        raise ValueError("ages of the cases are None, expected their times")
    owners, ages = cases.history.owners, cases.ages.values
    baskets = basket_numbers(owners, ages)
    counts = np.bincount(owners[np.unique(baskets, return_index=True)[1]], minlength=len(cases))
    ends = np.cumsum(counts)
    keys = baskets * np.int64(cases.item_count) + cases.history.values
    kept = np.sort(np.unique(keys, return_index=True)[1])
    owners, baskets = owners[kept], baskets[kept]
    items = cases.history.values[kept].astype(np.int64)
    return BasketLines(owners, items, ages[kept].astype(np.float64), ends[owners] - 1 - baskets, counts)
