"""One side of alternating least squares: the factors of all rows, given those of the columns."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

# Rows whose number of entries lies within this factor are padded to the same length and solved together.
_GROWTH = 1.25
_NUMBERS_AT_ONCE = 2**22


def solve_rows(confidence: sp.csr_matrix, factors: NDArray[np.float32], regularisation: float) -> NDArray[np.float32]:
    """Minimise sum_i (1 + a_i) (p_i - x . y_i)^2 + regularisation |x|^2 for every row, exactly.

    p_i is 1 where the row has an entry a_i, and 0 with a_i = 0 elsewhere (Hu, Koren and Volinsky 2008, equation 4).
    With Y'Y + regularisation I = L L', z = L^-1 y, S the rows sqrt(a_i) z_i of the n entries and q_i = (1 + a_i) /
    sqrt(a_i), the solution is

        x = L'^-1 (I + S'S)^-1 S'q = L'^-1 S' (I + SS')^-1 q,

    of which the first solves F equations and the second n: the fewer are taken. I keeps both well conditioned.

    Args:
        confidence: The a_i > 0 of every row; [R, M] float32, CSR.
        factors: Factors y of the columns; [M, F] float32.
        regularisation: Weight of the squared factors, more than 0.

    Returns:
        Factors x of the rows, 0 for a row without entries; [R, F] float32.
    """
    width = factors.shape[1]
    gram = factors.astype(np.float64).T @ factors + regularisation * np.eye(width)
    inverse = scipy.linalg.solve_triangular(np.linalg.cholesky(gram), np.eye(width), lower=True).astype(np.float32)
    whitened = factors @ inverse.T
    solution = np.zeros((confidence.shape[0], width), np.float32)

    def solve(group: tuple[NDArray[np.int64], int]) -> None:
        rows, length = group
        entries, values = _padded(confidence, rows, length)
        roots = np.sqrt(values)
        scaled = whitened[entries] * roots[..., None]
        targets = np.divide(1 + values, roots, out=np.zeros_like(values), where=values > 0)
        solution[rows] = _solve(scaled, targets)

    # BLAS's own threads cost more than they give on systems as small as these.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(solve, _groups(np.diff(confidence.indptr), width)))
    return solution @ inverse


def added_confidence(counts: sp.csr_matrix, alpha: float) -> sp.csr_matrix:
    """What counts add to a confidence of 1 (Hu, Koren and Volinsky 2008, equation 6 with epsilon 1).

    Args:
        counts: How often each row has each column; [R, M] float32, CSR.
        alpha: How much they add.

    Returns:
        alpha ln(1 + count); [R, M] float32, CSR.
    """
    added = sp.csr_matrix(counts, copy=True)
    np.log1p(added.data, out=added.data)
    added.data *= np.float32(alpha)
    return added


def _solve(scaled: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """(I + S'S)^-1 S'q of every row in the batch; S [B, n, F], q [B, n], result [B, F]."""
    transposed = scaled.transpose(0, 2, 1)
    if scaled.shape[1] < scaled.shape[2]:
        inner = np.eye(scaled.shape[1], dtype=np.float32) + scaled @ transposed
        return _first_column(transposed @ np.linalg.solve(inner, targets[..., None]))
    inner = np.eye(scaled.shape[2], dtype=np.float32) + transposed @ scaled
    return _first_column(np.linalg.solve(inner, transposed @ targets[..., None]))


def _first_column(columns: NDArray[Any]) -> NDArray[np.float32]:
    return columns[..., 0].astype(np.float32, copy=False)


def _groups(lengths: NDArray[np.integer[Any]], width: int) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Rows with about as many entries, few enough for the memory, and the length to pad them to."""
    order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    start = int(np.searchsorted(ascending, 1))
    while start < len(order):
        longest = int(ascending[start] * _GROWTH)
        stop = int(np.searchsorted(ascending, longest, side="right"))
        stop = min(stop, start + max(1, _NUMBERS_AT_ONCE // (longest * width)))
        yield order[start:stop], int(ascending[stop - 1])
        start = stop


def _padded(
    matrix: sp.csr_matrix, rows: NDArray[np.int64], length: int
) -> tuple[NDArray[np.integer[Any]], NDArray[np.float32]]:
    """Columns and values of the rows' entries, filled up with the value 0; [B, length] both."""
    places = matrix.indptr[rows][:, None] + np.arange(length)
    inside = places < matrix.indptr[rows + 1][:, None]
    places = np.where(inside, places, 0)
    return matrix.indices[places], np.where(inside, matrix.data[places], np.float32(0))
