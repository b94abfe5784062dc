"""The Bayesian linear regression posterior over the weights of the exploration head."""

import os
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from trainer.bandit.evidence import Array, Evidence, finite_array, positive_number

_FIELDS = ("precision", "moment", "noise_variance")


@dataclass(frozen=True, eq=False)
class LinearPosterior:
    """Gaussian belief about w in: utility = predicted utility + phi . w + noise.

    phi [D] is the ranker's last layer with a constant 1 appended ("neural-linear": Riquelme, Tucker, Snoek 2018,
    Deep Bayesian Bandits Showdown). The prior is w ~ N(0, I / prior_precision) and the noise is Gaussian with a known
    variance, so the posterior is Gaussian (Bishop, PRML, equations 3.49 to 3.54). Immutable; arrays are read-only.

    Attributes:
        precision: [D, D] float64, symmetric positive definite, in 1 / utility^2.
        moment: [D] float64, precision times mean.
        noise_variance: Variance of one row's noise, in utility^2.
    """

    precision: Array
    moment: Array
    noise_variance: float

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
        moment.flags.writeable = precision.flags.writeable = False
        object.__setattr__(self, "moment", moment)
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "noise_variance", positive_number("noise_variance", self.noise_variance))
        _ = self._cholesky

    @classmethod
    def prior(cls, dimension: int, prior_precision: float, noise_variance: float) -> "LinearPosterior":
        """The belief before any evidence; `dimension` counts the constant feature.

        Raises:
            ValueError: An argument is not positive and finite.
        """
        if dimension < 1:
            raise ValueError(f"dimension: must be at least 1, got {dimension}")
        positive_number("prior_precision", prior_precision)
        return cls(prior_precision * np.eye(dimension), np.zeros(dimension), noise_variance)

    @classmethod
    def from_evidence(
        cls, evidence: Evidence, prior_precision: float, noise_variance: float | None = None
    ) -> "LinearPosterior":
        """The belief after one pass over the rows; None estimates the noise variance from the same sums.

        Raises:
            ValueError: A number is not positive and finite, or there is no evidence to estimate the noise from.
        """
        if noise_variance is None:
            noise_variance = evidence.noise_variance(prior_precision)
        return cls.prior(evidence.dimension, prior_precision, noise_variance).with_evidence(evidence)

    def with_evidence(self, evidence: Evidence) -> "LinearPosterior":
        """The belief after these rows as well; the noise variance stays (PRML equations 3.50 and 3.51).

        Raises:
            ValueError: The evidence has another dimension.
        """
        if evidence.dimension != self.moment.size:
            raise ValueError(f"evidence: has {evidence.dimension} features where {self.moment.size} are expected")
        precision = self.precision + evidence.gram / self.noise_variance
        return LinearPosterior(precision, self.moment + evidence.cross / self.noise_variance, self.noise_variance)

    def update(self, features: ArrayLike, residuals: ArrayLike, weights: ArrayLike | None = None) -> "LinearPosterior":
        """The belief after a batch of rows as well; batches in any number and order give the same belief.

        Args:
            features: [N, D], the constant included.
            residuals: [N], observed utility minus predicted utility.
            weights: [N], not negative, what each row counts; None counts every row once.

        Raises:
            ValueError: An argument has the wrong shape, is not finite or, for weights, is negative.
        """
        return self.with_evidence(Evidence.none(self.moment.size).add(features, residuals, weights))

    @cached_property
    def _cholesky(self) -> Array:
        try:
            return np.linalg.cholesky(self.precision)
        except np.linalg.LinAlgError as error:
            raise ValueError("precision: not positive definite") from error

    @cached_property
    def covariance_factor(self) -> Array:
        """F [D, D] with F F^T = covariance, so that mean + F z is a draw when z ~ N(0, I).

        With the Cholesky factor L of the precision, F is the inverse of L^T; the covariance itself is never inverted
        or factorised, which would lose digits where the precision is ill-conditioned.
        """
        return np.linalg.solve(self._cholesky.T, np.eye(self.moment.size))

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the weights, [D, D] float64, in utility^2."""
        return self.covariance_factor @ self.covariance_factor.T

    @cached_property
    def mean(self) -> Array:
        """Mean of the weights, [D] float64, in utility."""
        return np.linalg.solve(self._cholesky.T, np.linalg.solve(self._cholesky, self.moment))

    def save(self, path: Path) -> None:
        """Write an .npz file; a reader sees the old file or the whole new one."""
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                np.savez(stream, **{name: getattr(self, name) for name in _FIELDS})
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> "LinearPosterior":
        """Read what `save` wrote.

        Raises:
            ValueError: The file is missing, is not such a file, or its content is not a posterior.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                precision, moment, noise_variance = (stored[name] for name in _FIELDS)
            return cls(precision, moment, float(noise_variance))
        except OSError as error:
            raise ValueError(f"{path}: {error.strerror or 'cannot be read as .npz'}") from error
        except KeyError as error:
            raise ValueError(f"{path}: no field {error.args[0]}") from error
        except (ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path}: not a posterior: {error}") from error
