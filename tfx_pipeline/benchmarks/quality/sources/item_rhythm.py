"""How soon and how often the users of an item buy it again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past

_PRIOR_INTERVALS = 5.0
_PRIOR_USERS = 10.0


@dataclass(frozen=True, eq=False)
class ItemRhythm:
    """Rhythm of V items; items that few have bought lean towards the mean of the shop.

    Attributes:
        intervals: Mean days between two purchases by the same user; float64 [V].
        repeat_shares: Share of the users that bought it more than once; float64 [V].
    """

    intervals: NDArray[np.float64]
    repeat_shares: NDArray[np.float64]


def item_rhythm(past: Past) -> ItemRhythm:
    """Measure a past. The mean of the shop counts as 5 intervals, and as 10 users.

    Raises:
        ValueError: The past has no ages.
    """
    count = past.shop.item_count
    pairs = past.users * count + past.items
    order = np.lexsort((-past.known_ages, pairs))
    pairs, ages = pairs[order], past.known_ages[order].astype(np.float64)
    again = (pairs[1:] == pairs[:-1]) & (ages[1:] != ages[:-1])
    gaps, items = (ages[:-1] - ages[1:])[again], pairs[1:][again] % count
    mean = gaps.mean() if len(gaps) else 1.0
    intervals = (np.bincount(items, gaps, minlength=count) + _PRIOR_INTERVALS * mean) / (
        np.bincount(items, minlength=count) + _PRIOR_INTERVALS
    )
    users = np.bincount(np.unique(pairs) % count, minlength=count)
    repeated = np.bincount(np.unique(pairs[1:][again]) % count, minlength=count)
    share = repeated.sum() / max(users.sum(), 1)
    return ItemRhythm(intervals, (repeated + _PRIOR_USERS * share) / (users + _PRIOR_USERS))
