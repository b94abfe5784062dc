"""The scores of EASE without its item-to-item matrix, where there are fewer users than items."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

_ROWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class EaseScores:
    """Embarrassingly shallow autoencoder (Steck 2019, equation 8), solved for the users instead of for the items.

    `trainer.item_to_item.ease` inverts X'X + lambda I, whose size is the square of the items. By Woodbury's identity
    (Golub and Van Loan 2013, section 2.1.4)

        P = (X'X + lambda I)^-1 = (I - X'K X) / lambda,  K = (X X' + lambda I)^-1,

    so that K, the square of the users, is all that is kept. With p_i = 1 - x_i'K x_i and x_i the column of item i, the
    score of item i for a history h is

        (h B)_i = h_i - (h lambda P)_i / p_i = h_i - (h_i - ((h X') K X)_i) / p_i.

    Attributes:
        matrix: X, users and items, the rows of users without an item left out; float32 [U, V], CSR.
        inverse: K; float32 [U, U].
        shares: p; float32 [V].
    """

    matrix: sp.csr_matrix
    inverse: NDArray[np.float32]
    shares: NDArray[np.float32]

    @classmethod
    def fit(cls, matrix: sp.csr_matrix, regularisation: float) -> "EaseScores":
        """Solve for the users.

        Args:
            matrix: Users and items, ones or how much each event counts; float32 [U, V], CSR.
            regularisation: Weight of the squared entries of B (lambda).

        Raises:
            ValueError: The regularisation is not above 0.
        """
        if not regularisation > 0:
            raise ValueError(f"regularisation is {regularisation}, expected more than 0")
        kept = matrix[np.flatnonzero(np.diff(matrix.indptr))].tocsr()
        gram = (kept @ kept.T).toarray().astype(np.float32)
        gram[np.diag_indices_from(gram)] += regularisation
        inverse = cho_solve(cho_factor(gram, overwrite_a=True), np.eye(len(gram), dtype=np.float32), overwrite_b=True)
        columns = kept.T.tocsr()
        shares = np.ones(kept.shape[1], np.float32)
        for start in range(0, kept.shape[1], _ROWS_AT_ONCE):
            part = columns[start : start + _ROWS_AT_ONCE]
            shares[start : start + _ROWS_AT_ONCE] -= np.asarray(part.multiply(part @ inverse).sum(axis=1)).ravel()
        return cls(kept, inverse, shares)

    def scores(self, history: sp.csr_matrix) -> NDArray[np.float32]:
        """The sum over the items j of each history of weight(j) B_ji.

        Args:
            history: Weight of each item in each history; float32 [C, V], CSR.

        Returns:
            float32 [C, V].

        Raises:
            ValueError: The histories know another number of items than the matrix.
        """
        if history.shape[1] != self.matrix.shape[1]:
            raise ValueError(f"history has {history.shape[1]} items, expected {self.matrix.shape[1]}")
        weights = (history @ self.matrix.T).toarray() @ self.inverse
        own = history.toarray()
        explained = (self.matrix.T @ weights.T).T
        return np.asarray(own - (own - explained) / self.shares, np.float32)
