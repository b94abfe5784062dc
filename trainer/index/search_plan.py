"""How many lists to read for how many items: learned from queries, and what recall that gives."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from trainer.index.inverted_lists import InvertedLists

_SHALLOWEST, _DEEPEST = 8, 8192
_LARGEST_SHARE = 0.25
_QUERY_CHUNK = 32


@dataclass(frozen=True)
class SearchPlan:
    """What a search reads.

    Attributes:
        depths: Increasing; d stands for the d best of all items.
        probes: Lists to read so that the wished share of these d is among their members, as many as depths.
        rescored: Items that are scored again with their own vectors, for each item wanted; only for quantised lists.
    """

    depths: tuple[int, ...]
    probes: tuple[int, ...]
    rescored: int


def plan_search(preferences: tf.Variable, lists: InvertedLists, queries: np.ndarray, recall: float) -> SearchPlan:
    """Find the fewest probes that give a recall, for 8, 16, 32, ... items.

    A depth that needs more than a quarter of the catalogue is left out: to read all of it costs no more.

    Args:
        preferences: Vectors of the items, float32 [V, D].
        lists: Their lists.
        queries: Vectors like those of requests, float32 [Q, D].
        recall: Wished recall, in (0, 1].

    Returns:
        The plan; without depths if none is worth while.
    """
    items = len(lists.lists)
    depths = [depth for depth in (_SHALLOWEST << step for step in range(32)) if depth <= min(_DEEPEST, items)]
    if not depths:
        return SearchPlan((), (), 1)
    needed, read = _needed_probes(preferences, lists, queries, depths[-1])
    # The true best of a query are found if this many of its lists are read, in this share of the cases.
    probes = [1 + int(np.quantile(needed[:, :depth], recall, method="higher")) for depth in depths]
    worth = [number for number, probe in enumerate(probes) if read[probe - 1] <= _LARGEST_SHARE * items]
    return SearchPlan(tuple(depths[number] for number in worth), tuple(probes[number] for number in worth), 1)


def _needed_probes(
    preferences: tf.Variable, lists: InvertedLists, queries: np.ndarray, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which list of a query its best items are in, from 0 for the first read, int32 [Q, depth]; and the items that are
    read with 1, 2, ... lists, mean over the queries, float64 [L]."""
    needed, read = [], np.zeros(len(lists.centroids))
    for start in range(0, len(queries), _QUERY_CHUNK):
        chunk = queries[start : start + _QUERY_CHUNK]
        best = tf.math.top_k(tf.matmul(chunk, preferences, transpose_b=True), depth).indices.numpy()
        order = np.argsort(-(chunk @ lists.centroids.T), axis=1, kind="stable")
        place = np.empty_like(order)
        np.put_along_axis(place, order, np.arange(order.shape[1])[np.newaxis], axis=1)
        needed.append(np.take_along_axis(place, lists.lists[best], axis=1))
        read += np.cumsum(lists.lengths[order], axis=1).sum(axis=0)
    return np.concatenate(needed), read / len(queries)
