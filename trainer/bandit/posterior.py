"""The Bayesian linear regression posterior over the weights of the exploration head."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trainer.bandit.array_file import read_arrays, text_bytes, text_of, write_arrays
from trainer.bandit.checked_arrays import Array, finite_array, positive_number
from trainer.bandit.evidence import Evidence
from trainer.bandit.item_evidence import ItemEvidence
from trainer.bandit.item_intercepts import Float32, ItemIntercepts

_NO_ITEMS = ItemEvidence.none(1)


@dataclass(frozen=True, eq=False)
class LinearPosterior:
    """Gaussian belief about w and b in: utility = predicted utility + phi . w + b_i + noise, for an item i.

    phi [D] is the ranker's last layer with a constant 1 appended ("neural-linear": Riquelme, Tucker, Snoek 2018,
    Deep Bayesian Bandits Showdown). The prior is w ~ N(0, I / prior_precision) and, for the own intercept of each item,
    b_i ~ N(0, 1 / item_precision); the noise is Gaussian with a known variance. So the joint posterior is Gaussian
    (Bishop, PRML, equations 3.49 to 3.54). What is kept are sums: evidence in any order and any number of batches gives
    the same belief. Immutable; arrays are read-only.

    Attributes:
        precision: Precision of w were every intercept known, [D, D] float64, symmetric, in 1 / utility^2: the prior's
            and the sum of c phi phi^T / noise variance.
        moment: Sum of c phi r / noise variance, [D] float64, in 1 / utility.
        noise_variance: Variance of one row's noise, in utility^2.
        item_precision: The prior's precision of an own intercept; infinite (the default) where items have none.
        item_evidence: What rows tell about single items.
    """

    precision: Array
    moment: Array
    noise_variance: float
    item_precision: float = math.inf
    item_evidence: ItemEvidence = _NO_ITEMS

    def __post_init__(self) -> None:
        """Check the arrays and freeze copies of them.

        Raises:
            ValueError: A field is ill-shaped, not finite, or the precision is not symmetric positive definite.
        """
        moment = finite_array("moment", self.moment, (None,)).copy()
        if moment.size == 0:
            raise ValueError("moment: must hold at least one value")
        precision = finite_array("precision", self.precision, (moment.size, moment.size)).copy()
        if not np.allclose(precision, precision.T, rtol=1e-8, atol=1e-8 * np.abs(precision).max()):
            raise ValueError("precision: not symmetric")
        if not self.item_precision > 0:
            raise ValueError(f"item_precision: must be positive, got {self.item_precision}")
        items = self.item_evidence if self.item_evidence.ids.size else ItemEvidence.none(moment.size)
        if items.dimension != moment.size:
            raise ValueError(f"item_features: have {items.dimension} features where {moment.size} are expected")
        moment.flags.writeable = precision.flags.writeable = False
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "noise_variance", positive_number("noise_variance", self.noise_variance))
        object.__setattr__(self, "item_precision", float(self.item_precision))
        object.__setattr__(self, "item_evidence", items)
        _ = self._cholesky

    @classmethod
    def prior(
        cls, dimension: int, prior_precision: float, noise_variance: float, item_precision: float = math.inf
    ) -> "LinearPosterior":
        """The belief before any evidence.

        Args:
            dimension: Number of features D, the constant included.
            prior_precision: Of every weight, in 1 / utility^2.
            noise_variance: Of one row, in utility^2.
            item_precision: Of the own intercept of every item, in 1 / utility^2; infinite for no intercepts.

        Raises:
            ValueError: An argument is not positive, or one other than `item_precision` is not finite.
        """
        if dimension < 1:
            raise ValueError(f"dimension: must be at least 1, got {dimension}")
        positive_number("prior_precision", prior_precision)
        return cls(prior_precision * np.eye(dimension), np.zeros(dimension), noise_variance, item_precision)

    @classmethod
    def from_evidence(
        cls,
        evidence: Evidence,
        prior_precision: float,
        noise_variance: float | None = None,
        item_precision: float = math.inf,
    ) -> "LinearPosterior":
        """The belief after one pass over the rows; None estimates the noise variance from the same sums.

        Raises:
            ValueError: An argument of `prior` is refused, or there is no evidence to estimate the noise from.
        """
        if noise_variance is None:
            noise_variance = evidence.noise_variance(prior_precision)
        prior = cls.prior(evidence.dimension, prior_precision, noise_variance, item_precision)
        return prior.with_evidence(evidence)

    def with_evidence(self, evidence: Evidence) -> "LinearPosterior":
        """The belief after these rows as well; the noise variance stays (PRML equations 3.50 and 3.51).

        Raises:
            ValueError: The evidence has another dimension.
        """
        self._check_dimension(evidence)
        return replace(
            self,
            precision=self.precision + evidence.gram / self.noise_variance,
            moment=self.moment + evidence.cross / self.noise_variance,
            item_evidence=self.item_evidence.merge(evidence.items),
        )

    def without_evidence(self, evidence: Evidence) -> "LinearPosterior":
        """The belief as if these rows, given to `with_evidence` before, had never been seen.

        It equals the belief from before up to rounding, about 1e-16 of the sums it is taken out of: not to the last
        bit.

        Raises:
            ValueError: The evidence has another dimension or is not part of this belief.
        """
        self._check_dimension(evidence)
        items = self.item_evidence.without(evidence.items)
        try:
            return replace(
                self,
                precision=self.precision - evidence.gram / self.noise_variance,
                moment=self.moment - evidence.cross / self.noise_variance,
                item_evidence=items,
            )
        except ValueError as error:
            raise ValueError(f"evidence: is not part of this posterior: {error}") from error

    def update(
        self,
        features: ArrayLike,
        residuals: ArrayLike,
        item_ids: Sequence[str] | None = None,
        weights: ArrayLike | None = None,
    ) -> "LinearPosterior":
        """The belief after a batch of rows as well; batches in any number and order give the same belief.

        Args:
            features: [N, D], the constant included.
            residuals: [N], observed utility minus predicted utility.
            item_ids: [N], the item of each row; None tells nothing of single items.
            weights: [N], not negative, what each row counts; None counts every row once.

        Raises:
            ValueError: An argument of `Evidence.add` is refused.
        """
        return self.with_evidence(Evidence.none(self.moment.size).add(features, residuals, item_ids, weights))

    @cached_property
    def items(self) -> ItemIntercepts:
        """The own intercepts of the items with evidence, given the weights."""
        return ItemIntercepts.given(self.item_evidence, self.item_precision, self.noise_variance)

    def item_arrays(self, item_ids: Sequence[str]) -> tuple[Float32, Float32, Float32]:
        """Offset [V + 1], centre [V + 1, D] and spread [V + 1] of a catalogue, see `ItemIntercepts.arrays`."""
        return self.items.arrays(item_ids)

    @cached_property
    def marginal_precision(self) -> Array:
        """Precision of the weights with every intercept integrated out, [D, D] float64 (a Schur complement)."""
        # precision_i centre_i centre_i^T as the square of one matrix, which keeps the result symmetric.
        scaled = self.item_evidence.features / (self.noise_variance * np.sqrt(self.items.precision))[:, None]
        return self.precision - scaled.T @ scaled

    @cached_property
    def _cholesky(self) -> Array:
        try:
            return np.linalg.cholesky(self.marginal_precision)
        except np.linalg.LinAlgError as error:
            raise ValueError("precision: not positive definite") from error

    @cached_property
    def covariance_factor(self) -> Array:
        """F [D, D] with F F^T = covariance, so that mean + F z is a draw when z ~ N(0, I).

        With the Cholesky factor L of the marginal precision, F is the inverse of L^T; the covariance itself is never
        inverted or factorised, which would lose digits where the precision is ill-conditioned.
        """
        return np.linalg.solve(self._cholesky.T, np.eye(self.moment.size))

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the weights, [D, D] float64, in utility^2."""
        return self.covariance_factor @ self.covariance_factor.T

    @cached_property
    def mean(self) -> Array:
        """Mean of the weights, [D] float64, in utility."""
        moment = self.moment - self.items.centre.T @ self.item_evidence.residuals / self.noise_variance
        return np.linalg.solve(self._cholesky.T, np.linalg.solve(self._cholesky, moment))

    def _check_dimension(self, evidence: Evidence) -> None:
        if evidence.dimension != self.moment.size:
            raise ValueError(f"evidence: has {evidence.dimension} features where {self.moment.size} are expected")

    def save(self, path: Path) -> None:
        """Write an .npz file; a reader sees the old file or the whole new one."""
        items = self.item_evidence
        fields = {
            "precision": self.precision,
            "moment": self.moment,
            "noise_variance": self.noise_variance,
            "item_precision": self.item_precision,
            "item_ids": text_bytes(items.ids),
            "item_counts": items.counts,
            "item_features": items.features,
            "item_residuals": items.residuals,
        }
        write_arrays(path, fields)

    @classmethod
    def load(cls, path: Path) -> "LinearPosterior":
        """Read what `save` wrote; a file from before there were intercepts has none.

        Raises:
            ValueError: The file is missing, is not such a file, or its content is not a posterior.
        """
        return read_arrays(path, "posterior", cls._from_arrays)

    @classmethod
    def _from_arrays(cls, stored: Mapping[str, Any]) -> "LinearPosterior":
        shared = stored["precision"], stored["moment"], float(stored["noise_variance"])
        if "item_precision" not in stored:
            return cls(*shared)
        ids = text_of(stored["item_ids"])
        items = ItemEvidence(ids, stored["item_counts"], stored["item_features"], stored["item_residuals"])
        return cls(*shared, float(stored["item_precision"]), items)
