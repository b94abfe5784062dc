"""What rows tell about the weights of a linear regression: sums that can be added in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainer.bandit.checked_arrays import Array, finite_array, positive_number, weights_of_rows
from trainer.bandit.item_evidence import ItemEvidence

MINIMUM_NOISE_VARIANCE = 1e-8
"""Noise variance is never taken to be below this, in utility^2; a perfect fit must not make the posterior certain."""

_ITERATIONS = 200
_RELATIVE_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Evidence:
    """Weighted sums over rows (features phi [D], residual r, weight c); a row of weight c counts as c equal rows.

    Attributes:
        gram: Sum of c phi phi^T, [D, D] float64.
        cross: Sum of c phi r, [D] float64, in utility.
        items: The same by item, of those rows that name one.
        squares: Sum of c r^2, in utility^2.
        total_weight: Sum of c.
        total_squared_weight: Sum of c^2.
    """

    gram: Array
    cross: Array
    items: ItemEvidence
    squares: float = 0.0
    total_weight: float = 0.0
    total_squared_weight: float = 0.0

    @classmethod
    def none(cls, dimension: int) -> "Evidence":
        """No rows yet; `dimension` counts the constant feature.

        Raises:
            ValueError: `dimension` is not positive.
        """
        if dimension < 1:
            raise ValueError(f"dimension: must be at least 1, got {dimension}")
        return cls(np.zeros((dimension, dimension)), np.zeros(dimension), ItemEvidence.none(dimension))

    @property
    def dimension(self) -> int:
        """Number of features D, the constant included."""
        return int(self.cross.shape[0])

    @property
    def effective_rows(self) -> float:
        """Kish's effective sample size, (sum of c)^2 / sum of c^2; 0 without evidence."""
        return self.total_weight**2 / self.total_squared_weight if self.total_squared_weight > 0 else 0.0

    def add(
        self,
        features: ArrayLike,
        residuals: ArrayLike,
        item_ids: Sequence[str] | None = None,
        weights: ArrayLike | None = None,
    ) -> "Evidence":
        """These sums and those of a batch of rows.

        Args:
            features: [N, D], the constant included; see `append_constant`.
            residuals: [N], observed utility minus predicted utility.
            item_ids: [N], the item of each row; None tells nothing of single items.
            weights: [N], not negative; None counts every row once.

        Raises:
            ValueError: An argument has the wrong shape, is not finite, for weights is negative or for item ids not a
                string.
        """
        phi = finite_array("features", features, (None, self.dimension))
        residual = finite_array("residuals", residuals, (phi.shape[0],))
        weight = weights_of_rows(weights, phi.shape[0])
        none = ItemEvidence.none(self.dimension)
        weighted = phi * weight[:, None]
        batch = Evidence(
            gram=weighted.T @ phi,
            cross=weighted.T @ residual,
            items=none if item_ids is None else ItemEvidence.of_rows(item_ids, phi, residual, weight),
            squares=float(weight @ residual**2),
            total_weight=float(weight.sum()),
            total_squared_weight=float(weight @ weight),
        )
        return self.merge(batch)

    def merge(self, other: "Evidence") -> "Evidence":
        """The sums over the rows of both.

        Raises:
            ValueError: The two differ in dimension.
        """
        if other.dimension != self.dimension:
            raise ValueError(f"other: has {other.dimension} features where {self.dimension} are expected")
        return Evidence(
            gram=self.gram + other.gram,
            cross=self.cross + other.cross,
            items=self.items.merge(other.items),
            squares=self.squares + other.squares,
            total_weight=self.total_weight + other.total_weight,
            total_squared_weight=self.total_squared_weight + other.total_squared_weight,
        )

    def noise_variance(self, prior_precision: float) -> float:
        """Estimate the noise variance of one row, in utility^2, from the sums alone.

        Bishop, PRML, equation 3.95 with the prior precision held fixed: the weighted mean of the squared residuals
        that the posterior mean leaves, divided by the share of freedom that the fit leaves, 1 - gamma / rows. Rows
        are the effective rows, which is exact for equal weights. With no more effective rows than features the fit
        could pass through every row, so the mean square before the fit is taken instead, which errs upwards. Own
        intercepts of items are not fitted here: what they would explain counts as noise, which errs upwards too.

        Raises:
            ValueError: There is no evidence, or `prior_precision` is not positive and finite.
        """
        positive_number("prior_precision", prior_precision)
        if self.total_weight <= 0:
            raise ValueError("evidence: no row has a positive weight, so the noise variance cannot be estimated")
        unexplained = max(self.squares / self.total_weight, MINIMUM_NOISE_VARIANCE)
        return unexplained if self.effective_rows <= self.dimension else self._fixed_point(prior_precision, unexplained)

    def _fixed_point(self, prior_precision: float, start: float) -> float:
        eigenvalues, eigenvectors = np.linalg.eigh(self.gram)
        eigenvalues = np.clip(eigenvalues, 0.0, None)
        cross = eigenvectors.T @ self.cross
        variance = start
        for _ in range(_ITERATIONS):
            shrunk = eigenvalues + prior_precision * variance
            mean = cross / shrunk
            squares_left = self.squares - 2.0 * mean @ cross + eigenvalues @ mean**2
            freedom_left = 1.0 - (eigenvalues / shrunk).sum() / self.effective_rows
            previous = variance
            variance = max(float(squares_left / (self.total_weight * freedom_left)), MINIMUM_NOISE_VARIANCE)
            if abs(variance - previous) <= _RELATIVE_TOLERANCE * previous:
                break
        return variance


def append_constant(features: ArrayLike) -> Array:
    """Features [N, D - 1] with a last column of ones, [N, D] float64; its weight corrects the overall level.

    Raises:
        ValueError: `features` is not a finite matrix.
    """
    phi = finite_array("features", features, (None, None))
    return np.concatenate([phi, np.ones((phi.shape[0], 1))], axis=1)
