"""Scores of all items from weighted histories and an item-to-item matrix."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def history_matrix(
    rows: NDArray[np.integer[Any]], weights: NDArray[np.floating[Any]], item_count: int
) -> sp.csr_matrix:
    """Padded histories as a matrix of cases and items.

    Args:
        rows: Item rows of each history, -1 pads anywhere; integers [C, H].
        weights: Weight of each position; floats [C, H].
        item_count: Items in the catalogue, V.

    Returns:
        The summed weights of each item in each history; float32 [C, V], CSR with sorted columns.

    Raises:
        ValueError: The shapes differ, or a row is outside the catalogue.
    """
    if rows.ndim != 2 or rows.shape != weights.shape:
        raise ValueError(f"rows of shape {rows.shape} and weights of shape {weights.shape} do not fit together")
    if rows.max(initial=-1) >= item_count:
        raise ValueError(f"rows holds {rows.max()}, expected less than the {item_count} items")
    cases, places = np.nonzero(rows >= 0)
    entries = (weights[cases, places], (cases, rows[cases, places]))
    return sp.csr_matrix(entries, shape=(len(rows), item_count), dtype=np.float32)


def history_scores(history: sp.csr_matrix, matrix: "sp.csr_matrix | NDArray[np.float32]") -> NDArray[np.float32]:
    """The sum over the items j of each history of weight(j) * matrix[j, i].

    Args:
        history: Weight of each item in each history; float32 [C, V], CSR. See `history_matrix`.
        matrix: What an item of the history says about each item; float32 [V, V], CSR or dense.

    Returns:
        float32 [C, V]; 0 for an empty history.

    Raises:
        ValueError: The matrix knows another number of items than the histories.
    """
    if history.shape[1] != matrix.shape[0]:
        raise ValueError(f"matrix has {matrix.shape[0]} rows, expected the {history.shape[1]} items of the history")
    scores = history @ matrix
    return scores.toarray() if sp.issparse(scores) else np.asarray(scores)
