"""How often items were bought: over all of the training window, and lately."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions


def distinct_users_per_item(
    users: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]], item_count: int
) -> NDArray[np.int64]:
    """Popularity: the number of distinct users of every item, which a few heavy buyers cannot lift.

    Args:
        users: Number of the user of every event of the training window; [E] integers, at least 0.
        items: Item row of every event; [E] integers.
        item_count: Number of items in the catalogue.

    Returns:
        Counts; [item_count] int64.
    """
    pairs = np.unique(np.asarray(users, np.int64) * item_count + items)
    return np.bincount(pairs % item_count, minlength=item_count)


def popularity(interactions: Interactions) -> NDArray[np.int64]:
    """Distinct users of every item of the training window; [V] int64."""
    return distinct_users_per_item(interactions.users, interactions.items, interactions.item_count)


def recent_popularity(interactions: Interactions, recency: Recency) -> NDArray[np.float64]:
    """The events of every item, each weighted by how recent it is; [V] float64."""
    lengths = np.bincount(interactions.users, minlength=interactions.user_count)
    weights = recency.weights(lengths, interactions.ages)
    sums: NDArray[np.float64] = np.zeros(interactions.item_count)
    np.add.at(sums, interactions.items, weights)
    return sums


def popularity_share(counts: NDArray[np.number[Any]]) -> NDArray[np.float64]:
    """The popularity of every item relative to the largest one, 0 where all are 0; [V] to [V] float64."""
    return np.asarray(counts, np.float64) / max(counts.max(initial=0), np.finfo(np.float64).tiny)


def popularity_places(counts: NDArray[np.number[Any]]) -> NDArray[np.int64]:
    """The place of every item by popularity: 1 for the most popular; items as popular as each other share one.

    Args:
        counts: Popularity of every item; [V].

    Returns:
        Places; [V] int64.
    """
    distinct, ascending = np.unique(counts, return_inverse=True)
    return len(distinct) - ascending
