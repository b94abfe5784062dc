"""Intra-list diversity: how different the items of one list are from each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.rankings import PAD


def list_diversity(ranked: NDArray[np.integer[Any]], facts: ItemFacts) -> NDArray[np.float64]:
    """Mean of 1 - similarity over the pairs of items among the first 1, 2, ... of each list.

    The similarity of two items is the cosine of their vectors; in a catalogue without vectors it is 1 within a group
    and 0 across groups. Smyth and McClave, "Similarity vs. diversity" (ICCBR 2001), define this mean; it is one minus
    the intra-list similarity of Ziegler et al., "Improving recommendation lists through topic diversification" (WWW
    2005, section 3.3), per pair. An item that nothing is known of, with a vector of zeros or without a group, is in
    no pair.

    Args:
        ranked: Item rows, best first, -1 behind the last one; [C, K] integers.
        facts: Facts of the items of the catalogue.

    Returns:
        Diversity of the first k items in column k - 1, from 0 to 1, or to 2 where cosines are negative. NaN where
        there is no pair, and everywhere in a catalogue without vectors and groups; [C, K] float64.
    """
    if facts.vectors is not None:
        known, similarities = _by_vectors(ranked, facts.vectors)
    elif facts.groups is not None:
        known, similarities = _by_groups(ranked, facts.groups)
    else:
        return np.full(ranked.shape, np.nan)
    items = np.cumsum(known, axis=1)
    pairs = items * (items - 1) / 2
    mean = np.divide(np.cumsum(similarities, axis=1), pairs, out=np.full(ranked.shape, np.nan), where=pairs > 0)
    return 1.0 - mean


def _by_vectors(
    ranked: NDArray[np.integer[Any]], vectors: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which items are known, and the sum of each one's similarities to the known items before it; both [C, K]."""
    norms = np.linalg.norm(vectors, axis=1).astype(np.float64)
    known = (ranked != PAD) & (norms[ranked] > 0)
    similarities = np.zeros(ranked.shape)
    # Those sums are products with the sum of the earlier unit vectors: no pair is ever formed.
    earlier = np.zeros((len(ranked), vectors.shape[1]))
    for rank in range(ranked.shape[1]):
        items, is_known = ranked[:, rank], known[:, rank]
        scales = np.divide(1.0, norms[items], out=np.zeros(len(items)), where=is_known)
        units = vectors[items] * scales[:, None]
        similarities[:, rank] = np.einsum("cd,cd->c", units, earlier)
        earlier += units
    return known, similarities


def _by_groups(
    ranked: NDArray[np.integer[Any]], groups: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which items are known, and how many of the items before each one are of its group; both [C, K]."""
    known = (ranked != PAD) & (groups[ranked] >= 0)
    ranked_groups = np.where(known, groups[ranked], -1)
    similarities = np.zeros(ranked.shape)
    for rank in range(ranked.shape[1]):
        same = ranked_groups[:, :rank] == ranked_groups[:, [rank]]
        similarities[:, rank] = np.where(known[:, rank], same.sum(axis=1), 0)
    return known, similarities
