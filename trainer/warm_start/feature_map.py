"""What the last layer of a ranker became in further training: a linear map, learned from candidates that both see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.bandit.checked_arrays import Array, finite_array

_RIDGE = 1e-6
"""Share of the mean square of a feature that is added to each: units that never fire leave the sums singular."""


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """How the features and predictions of an earlier ranker read in terms of today's.

    Attributes:
        matrix: A in: today's features = A x the earlier ones + error, [D, E].
        shift: d in: today's predicted utility = the earlier + d . the earlier features + error, [E].
        explained: Share of the variance of today's features that A explains, 0 to 1.
    """

    matrix: Array
    shift: Array
    explained: float


@dataclass(frozen=True, eq=False)
class FeatureMapSums:
    """Sums over candidates, from which the map follows by least squares. Immutable.

    Attributes:
        earlier: Sum of phi_e phi_e^T over the earlier ranker's features, [E, E].
        crossed: Sum of phi phi_e^T with today's features phi, [D, E].
        moved: Sum of (today's - the earlier predicted utility) phi_e, [E].
        squares: Sum of the squares of today's features, by feature, [D].
        total: Sum of today's features, [D].
        rows: Candidates.
    """

    earlier: Array
    crossed: Array
    moved: Array
    squares: Array
    total: Array
    rows: int = 0

    @classmethod
    def none(cls, today: int, earlier: int) -> "FeatureMapSums":
        """No candidates yet; D and E features, the constant included."""
        return cls(
            np.zeros((earlier, earlier)),
            np.zeros((today, earlier)),
            np.zeros(earlier),
            np.zeros(today),
            np.zeros(today),
        )

    def add(self, today: ArrayLike, earlier: ArrayLike, moved: ArrayLike) -> "FeatureMapSums":
        """These sums and those of a batch.

        Args:
            today: Today's features, [N, D].
            earlier: The earlier ranker's features of the same candidates, [N, E].
            moved: Today's predicted utility minus the earlier one, [N].

        Raises:
            ValueError: An argument is ill-shaped or not finite.
        """
        phi = finite_array("today", today, (None, self.total.size))
        before = finite_array("earlier", earlier, (phi.shape[0], self.moved.size))
        difference = finite_array("moved", moved, (phi.shape[0],))
        return FeatureMapSums(
            earlier=self.earlier + before.T @ before,
            crossed=self.crossed + phi.T @ before,
            moved=self.moved + before.T @ difference,
            squares=self.squares + (phi**2).sum(axis=0),
            total=self.total + phi.sum(axis=0),
            rows=self.rows + phi.shape[0],
        )

    def solve(self) -> FeatureMap:
        """The map.

        Raises:
            ValueError: There are no candidates.
        """
        if not self.rows:
            raise ValueError("candidates: none to learn the map of the features from")
        ridge = _RIDGE * np.trace(self.earlier) / len(self.earlier) * np.eye(len(self.earlier))
        both = np.concatenate([self.crossed, self.moved[np.newaxis]])
        solved = np.linalg.solve(self.earlier + ridge, both.T).T
        matrix, shift = solved[:-1], solved[-1]
        # Squares that the map leaves: sum |phi|^2 - 2 <A, crossed> + <A earlier, A>.
        left = self.squares.sum() - 2 * np.sum(matrix * self.crossed) + np.sum((matrix @ self.earlier) * matrix)
        spread = self.squares.sum() - (self.total**2).sum() / self.rows
        explained = 1.0 - left / spread if spread > 0 else 0.0
        return FeatureMap(matrix, shift, float(np.clip(explained, 0.0, 1.0)))
