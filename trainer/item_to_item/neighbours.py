"""The strongest neighbours of every item, in the fixed width that a servable needs."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from trainer.item_to_item.strongest import Strength, check_count, strongest_of_row


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What each item of a history says about up to M other items; the strongest first.

    Attributes:
        rows: Item rows of the neighbours, each at most once in a row, -1 behind the last one; int32 [V, M].
        weights: How much each neighbour gains; float32 [V, M], 0 behind the last one.
    """

    rows: NDArray[np.int32]
    weights: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Check that the parts fit together.

        Raises:
            ValueError: The shapes differ, or a row is outside the catalogue.
        """
        if self.rows.ndim != 2 or self.rows.shape != self.weights.shape:
            raise ValueError(f"rows of shape {self.rows.shape} and weights of {self.weights.shape} do not fit together")
        if self.rows.size and not -1 <= self.rows.min() <= self.rows.max() < len(self.rows):
            raise ValueError(f"rows holds a row outside the catalogue of {len(self.rows)}")

    @classmethod
    def from_sparse(cls, matrix: sp.csr_matrix, count: int, by: Strength = "magnitude") -> "Neighbours":
        """Keep the strongest entries of each row.

        Args:
            matrix: What item j, the row, says about item i; float32 [V, V], CSR with sorted columns.
            count: Neighbours of an item, M.
            by: What makes a neighbour strong. Matrices of counts and cosines have no negative entries. Those of EASE
                do: they hold down what a history speaks against, so that magnitude keeps more of the scores.

        Raises:
            ValueError: `count` is below 1.
        """
        check_count(count)
        neighbours = cls._empty(matrix.shape[0], count)
        for row, (start, end) in enumerate(pairwise(matrix.indptr)):
            neighbours._fill(row, matrix.indices[start:end], matrix.data[start:end], by)
        return neighbours

    @classmethod
    def from_dense(
        cls,
        matrix: NDArray[np.float32],
        columns: NDArray[np.integer[Any]],
        item_count: int,
        count: int,
        by: Strength = "magnitude",
    ) -> "Neighbours":
        """Keep the strongest entries of a matrix over some of the items, such as that of `ease`.

        Args:
            matrix: What item columns[a] says about item columns[b]; float32 [N, N].
            columns: Item rows that the matrix knows, increasing; integers [N].
            item_count: Items in the catalogue, V.
            count: Neighbours of an item, M.
            by: What makes a neighbour strong, as for `from_sparse`.

        Raises:
            ValueError: `count` is below 1.
        """
        check_count(count)
        neighbours = cls._empty(item_count, count)
        for row, values in zip(columns, matrix, strict=True):
            neighbours._fill(int(row), columns, values, by)
        return neighbours

    def matrix(self) -> sp.csr_matrix:
        """The entries that were kept; float32 [V, V], CSR with sorted columns."""
        owners, places = np.nonzero(self.rows >= 0)
        entries = (self.weights[owners, places], (owners, self.rows[owners, places]))
        return sp.csr_matrix(entries, shape=(len(self.rows), len(self.rows)))

    def save(self, path: str | Path) -> None:
        """Write rows and weights as a NumPy archive (.npz)."""
        with open(path, "wb") as file:
            np.savez_compressed(file, rows=self.rows, weights=self.weights)

    @classmethod
    def load(cls, path: str | Path) -> "Neighbours":
        """Read what `save` wrote."""
        with np.load(path) as archive:
            return cls(archive["rows"], archive["weights"])

    @classmethod
    def _empty(cls, item_count: int, count: int) -> "Neighbours":
        shape = (item_count, count)
        return cls(np.full(shape, -1, np.int32), np.zeros(shape, np.float32))

    def _fill(self, row: int, items: NDArray[np.integer[Any]], values: NDArray[np.float32], by: Strength) -> None:
        best = strongest_of_row(values, self.rows.shape[1], by)
        best = best[values[best] != 0]
        self.rows[row, : len(best)] = items[best]
        self.weights[row, : len(best)] = values[best]
