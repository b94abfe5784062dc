"""What every model has to beat: the most popular items, and the user's own items again.

Both are deterministic: items of equal popularity keep the order of the catalogue. Popularity is best counted in
distinct users (`distinct_users_per_item`), since a few heavy buyers can lift an item's lines; a user's own frequency
counts the lines of the history.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import PAD


def distinct_users_per_item(
    users: NDArray[np.integer[Any]], items: NDArray[np.integer[Any]], item_count: int
) -> NDArray[np.int64]:
    """Popularity: the number of distinct users of every item.

    Args:
        users: Number of the user of every event of the training window; [E] integers, at least 0.
        items: Item row of every event; [E] integers.
        item_count: Number of items in the catalogue.

    Returns:
        Counts; [item_count] int64.
    """
    pairs = np.unique(np.asarray(users, np.int64) * item_count + items)
    return np.bincount(pairs % item_count, minlength=item_count)


def most_popular(
    counts: NDArray[np.number[Any]], k: int, cases: EvaluationCases, exclude_history: bool
) -> NDArray[np.int32]:
    """The same k most popular items for everyone, or those among them that a user does not know yet.

    Args:
        counts: Popularity of every item; [item_count].
        k: Length of the lists.
        cases: The C cases.
        exclude_history: Whether items of a user's history leave and the next ones move up.

    Returns:
        Item rows, best first, -1 where the catalogue is used up; [C, k] int32.

    Raises:
        ValueError: `k` is below 1 or `counts` has another shape.
    """
    _check(counts, k, cases)
    by_popularity = _by_popularity(counts)
    places = np.tile(np.arange(k), (len(cases), 1))
    if exclude_history:
        places += _known_items_before(by_popularity, k, cases)
    return np.where(places < len(counts), by_popularity[np.minimum(places, len(counts) - 1)], PAD).astype(np.int32)


def buy_again(
    counts: NDArray[np.number[Any]], k: int, cases: EvaluationCases, exclude_history: bool
) -> NDArray[np.int32]:
    """The items of the user's own history, most frequent first, ties and the rest by popularity.

    Args:
        counts: Popularity of every item; [item_count].
        k: Length of the lists.
        cases: The C cases.
        exclude_history: Whether items of the history leave; this leaves nothing but `most_popular`.

    Returns:
        Item rows, best first, -1 where the catalogue is used up; [C, k] int32.

    Raises:
        ValueError: `k` is below 1 or `counts` has another shape.
    """
    unknown = most_popular(counts, k, cases, exclude_history=True)
    if exclude_history:
        return unknown
    keys, frequency = np.unique(cases.keys(cases.history), return_counts=True)
    owners, items = keys // cases.item_count, keys % cases.item_count
    order = np.lexsort((_places(_by_popularity(counts))[items], -frequency, owners))
    owned = np.bincount(owners, minlength=len(cases))
    rank = np.arange(len(owners)) - np.repeat(np.cumsum(owned) - owned, owned)
    ranked = np.take_along_axis(unknown, np.maximum(np.arange(k) - owned[:, None], 0), axis=1)
    in_list = rank < k
    ranked[owners[in_list], rank[in_list]] = items[order][in_list]
    return ranked


def _check(counts: NDArray[np.number[Any]], k: int, cases: EvaluationCases) -> None:
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1")
    if counts.shape != (cases.item_count,):
        raise ValueError(f"counts have shape {counts.shape}, expected ({cases.item_count},)")


def _by_popularity(counts: NDArray[np.number[Any]]) -> NDArray[np.int64]:
    # Negated as float64, because unsigned counts wrap around.
    return np.argsort(-counts.astype(np.float64), kind="stable")


def _places(order: NDArray[np.int64]) -> NDArray[np.int64]:
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places


def _known_items_before(by_popularity: NDArray[np.int64], k: int, cases: EvaluationCases) -> NDArray[np.int64]:
    # Let p0 < p1 < ... be the places of a user's known items. The item at list position j then has place
    # j + #{i: p_i - i <= j}, so that counting p_i - i replaces a [cases, items] mask.
    history_places = cases.history.owners * cases.item_count + _places(by_popularity)[cases.history.values]
    known = np.unique(history_places)
    owners, places = known // cases.item_count, known % cases.item_count
    owned = np.bincount(owners, minlength=len(cases))
    unknown_before = places - (np.arange(len(known)) - np.repeat(np.cumsum(owned) - owned, owned))
    near = unknown_before < k
    counts = np.bincount(owners[near] * k + unknown_before[near], minlength=len(cases) * k)
    return np.cumsum(counts.reshape(len(cases), k), axis=1)
