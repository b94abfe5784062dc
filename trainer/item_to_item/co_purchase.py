"""Items that the same users or the same baskets hold."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from trainer.item_to_item.strongest import keep_strongest

_ENTRIES_AT_ONCE = 2**24


def co_purchase_cosines(
    matrix: sp.csr_matrix, count: int = 100, damping: float = 0.0, shrinkage: float = 0.0
) -> sp.csr_matrix:
    """The most similar items of each item, by the cosine of their columns (Deshpande and Karypis 2004, section 4.1).

    With x_i the column of item i, which for a matrix of zeros and ones counts |x_i|^2 buyers, and c(j, i) the rows
    that hold both items,

        cosine(j, i) = x_j . x_i / sqrt((|x_j|^2 + damping) (|x_i|^2 + damping)) * c(j, i) / (c(j, i) + shrinkage).

    The last factor trusts a similarity less the fewer rows it rests on (Koren 2008, equation 2).

    Args:
        matrix: Users or baskets by items, no entry negative; float32 [R, V], CSR. See `Sequences.owner_matrix`.
        count: Neighbours of an item, at most. Equal cosines go to the lower item row.
        damping: Added to every squared length, so that items with few buyers are less near.
        shrinkage: Rows that hold both items at which a cosine counts half.

    Returns:
        Cosines of item j, the row, and its neighbours; float32 [V, V], CSR with sorted columns, empty diagonal.

    Raises:
        ValueError: `count` is below 1, or `damping` or `shrinkage` is negative.
    """
    for name, value in (("damping", damping), ("shrinkage", shrinkage)):
        if value < 0:
            raise ValueError(f"{name} is {value}, expected at least 0")
    matrix = matrix.copy()
    matrix.eliminate_zeros()
    squares = np.asarray(matrix.multiply(matrix).sum(axis=0), np.float64).ravel() + damping
    lengths = np.sqrt(np.where(squares > 0, squares, 1)).astype(np.float32)
    unit = (matrix @ sp.diags(1 / lengths)).tocsr()
    blocks = (keep_strongest(block, count) for block in _blocks(unit, shrinkage))
    empty = sp.csr_matrix((0, matrix.shape[1]), dtype=np.float32)
    return sp.vstack([empty, *blocks], format="csr", dtype=np.float32)


def _blocks(unit: sp.csr_matrix, shrinkage: float) -> Iterator[sp.csr_matrix]:
    """All cosines of some items at a time, so that memory stays bounded; float32 [rows, V], CSR."""
    items = unit.shape[1]
    transposed = unit.T.tocsr()
    rows = max(1, _ENTRIES_AT_ONCE // max(1, items))
    for start in range(0, items, rows):
        block = _product(transposed[start : start + rows], unit)
        if shrinkage:
            together = _product(_ones(transposed[start : start + rows]), _ones(unit)).data
            block.data *= together / (together + np.float32(shrinkage))
        yield _without_diagonal(block, start)


def _product(left: sp.csr_matrix, right: sp.csr_matrix) -> sp.csr_matrix:
    product = left @ right
    product.sort_indices()
    return product


def _ones(matrix: sp.csr_matrix) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)


def _without_diagonal(block: sp.csr_matrix, start: int) -> sp.csr_matrix:
    own = np.repeat(np.arange(start, start + block.shape[0]), np.diff(block.indptr))
    block.data[block.indices == own] = 0
    block.eliminate_zeros()
    return block
