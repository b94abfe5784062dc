"""The linear model from all items to all items that is solved in closed form."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import lapack

from trainer.item_to_item.most_bought import most_bought


def ease(
    matrix: sp.csr_matrix,
    regularisation: float,
    items: int | None = None,
    row_weights: NDArray[np.floating[Any]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Embarrassingly shallow autoencoder (Steck 2019, equation 8).

    With X the matrix and W the diagonal of the row weights, B minimises sum_u W_u |x_u - x_u B|^2 +
    regularisation |B|^2 under diag(B) = 0:

        P = (X'WX + regularisation I)^-1,  B_ji = -P_ji / P_ii,  B_ii = 0.

    The score of item i is the sum of weight(j) B_ji over the items j of a history. Memory grows with the square of the
    number of items that take part, time with the cube.

    Args:
        matrix: Users and items, ones or how much each event counts; float32 [U, V], CSR.
        regularisation: Weight of the squared entries of B (lambda).
        items: Only this many of the items with the most users take part; None for all that have any. Of equals the
            first of the catalogue are taken.
        row_weights: How much each user counts; [U] floats. None counts all alike.

    Returns:
        The item rows that take part, increasing, int64 [M], and B, float32 [M, M].

    Raises:
        ValueError: `row_weights` has another length than the matrix, one is negative, or the regularisation is too
            small for the inverse to exist in float32.
    """
    columns = most_bought(np.bincount(matrix.indices, minlength=matrix.shape[1]), items)
    part = matrix[:, columns]
    weighted = part if row_weights is None else sp.diags(_checked(row_weights, matrix.shape[0])) @ part
    gram = (part.T @ weighted).toarray()
    return columns, ease_weights(gram, regularisation)


def ease_weights(gram: NDArray[np.float32], regularisation: float) -> NDArray[np.float32]:
    """B from X'WX, in the place of it where that saves memory.

    Args:
        gram: X'WX, overwritten; float32 [M, M].
        regularisation: Weight of the squared entries of B.

    Returns:
        B; float32 [M, M].

    Raises:
        ValueError: The regularisation is too small for the inverse to exist in float32.
    """
    if not len(gram):
        return gram
    diagonal = np.diag_indices(len(gram))
    gram[diagonal] += regularisation
    # LAPACK works on columns. The transposed view of a symmetric matrix is the same matrix in that order.
    factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
    if failed:
        raise ValueError(f"regularisation {regularisation} is too small to invert X'X")
    inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
    weights = np.tril(inverse)
    weights += np.tril(inverse, -1).T
    weights /= -weights.diagonal()
    weights[diagonal] = 0.0
    return weights


def _checked(row_weights: NDArray[np.floating[Any]], rows: int) -> NDArray[np.float32]:
    if row_weights.shape != (rows,):
        raise ValueError(f"row_weights has shape {row_weights.shape}, expected ({rows},)")
    if (row_weights < 0).any():
        raise ValueError(f"row_weights holds {row_weights.min()}, expected at least 0")
    return row_weights.astype(np.float32)
