"""How often an item follows another one soon after."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from trainer.item_to_item.sequences import Sequences


def inverse_distances(steps: int) -> NDArray[np.float32]:
    """A distance d counts 1 / d; float32 [steps].

    Raises:
        ValueError: `steps` is below 1.
    """
    _check_steps(steps)
    return (1 / np.arange(1, steps + 1)).astype(np.float32)


def decayed_distances(steps: int, decay: float) -> NDArray[np.float32]:
    """A distance d counts decay ** d; float32 [steps].

    Raises:
        ValueError: `steps` is below 1 or `decay` is not in (0, 1].
    """
    _check_steps(steps)
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay}, expected more than 0 and at most 1")
    return np.power(decay, np.arange(1, steps + 1)).astype(np.float32)


def transitions(
    sequences: Sequences,
    distance_weights: NDArray[np.floating[Any]],
    backward: float = 0.0,
    same_basket: float = 0.0,
    in_baskets: bool = False,
) -> sp.csr_matrix:
    """Count the transitions of a Markov chain that looks further back.

    Rendle, Freudenthaler and Schmidt-Thieme (2010, section 4) count from one basket to the next. With n(j, i, d) the
    pairs of an event of item j and an event of item i that comes d later in the same owner's sequence,

        T[j, i] = sum over d of distance_weights[d - 1] n(j, i, d).

    Where events have weights a pair counts their product. An item that comes again follows itself. The items of a
    basket have no order: their pairs are counted as bought together, or not at all.

    Args:
        sequences: The events.
        distance_weights: How much a pair at distance 1, 2, ... counts; [steps] floats. Pairs further apart do not.
        backward: What a pair counts in the other direction, from i to j, relative to that from j to i.
        same_basket: What a pair of different items of one basket counts in both directions, at whatever distance.
        in_baskets: Whether distances are numbers of baskets instead of events.

    Returns:
        T; float32 [V, V], CSR with sorted columns.
    """
    count = sequences.item_count
    total = sp.csr_matrix((count, count), dtype=np.float32)
    baskets = sequences.basket_matrix() if in_baskets or same_basket else None
    # Beyond the longest sequence, the slices below would be those of other owners alone.
    for distance, weight in enumerate(distance_weights[: len(sequences)], start=1):
        pairs = _basket_pairs(sequences, baskets, distance) if in_baskets else _event_pairs(sequences, distance)
        total = total + pairs * np.float32(weight)
    if backward:
        total = total + total.T.tocsr() * np.float32(backward)
    if same_basket:
        total = total + _bought_together(baskets) * np.float32(same_basket)
    total.sort_indices()
    return total


def divide_by_popularity(matrix: sp.csr_matrix, popularity: NDArray[Any], power: float) -> sp.csr_matrix:
    """Divide each column i by max(popularity(i), 1) ** power, so that popular items do not win everywhere.

    Args:
        matrix: What item j says about item i; float32 [V, V], CSR.
        popularity: Popularity of each item, such as its distinct owners; [V].
        power: 0 leaves the matrix as it is, 1 divides by the popularity itself.

    Returns:
        float32 [V, V], CSR.

    Raises:
        ValueError: `popularity` has another length than the matrix has columns.
    """
    if len(popularity) != matrix.shape[1]:
        raise ValueError(f"popularity has {len(popularity)} items, expected {matrix.shape[1]}")
    return (matrix @ sp.diags((1 / np.maximum(popularity, 1) ** power).astype(np.float32))).tocsr()


def normalise_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Divide each row by the sum of its absolute values; empty rows stay. float32 [V, V], CSR."""
    sums = np.asarray(abs(matrix).sum(axis=1)).ravel()
    return (sp.diags(1 / np.where(sums > 0, sums, 1).astype(np.float32)) @ matrix).tocsr()


def _event_pairs(sequences: Sequences, distance: int) -> sp.csr_matrix:
    """The pairs of events at a distance, of one owner and of different baskets; float32 [V, V], CSR."""
    counted = sequences.owners[:-distance] == sequences.owners[distance:]
    if sequences.baskets is not None:
        counted &= sequences.baskets[:-distance] != sequences.baskets[distance:]
    weights = sequences.event_weights
    products = weights[:-distance][counted] * weights[distance:][counted]
    pairs = (sequences.items[:-distance][counted], sequences.items[distance:][counted])
    return sp.csr_matrix((products, pairs), shape=(sequences.item_count, sequences.item_count))


def _basket_pairs(sequences: Sequences, baskets: sp.csr_matrix, distance: int) -> sp.csr_matrix:
    """The pairs of events of one owner whose baskets are at a distance; float32 [V, V], CSR."""
    owners = sequences.owners[sequences.basket_starts]
    earlier = np.flatnonzero(owners[:-distance] == owners[distance:])
    return _sorted(baskets[earlier].T.tocsr() @ baskets[earlier + distance])


def _bought_together(baskets: sp.csr_matrix) -> sp.csr_matrix:
    """The pairs of events of different items of one basket; float32 [V, V], CSR."""
    together = baskets.T.tocsr() @ baskets
    together = (together - sp.diags(together.diagonal())).tocsr()
    together.eliminate_zeros()
    return _sorted(together)


def _sorted(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The same matrix with sorted columns, which makes sums of matrices several times faster."""
    matrix.sort_indices()
    return matrix


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected at least 1")
