"""The linear model from all items to all items that is solved in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from tfx_pipeline.evaluation.baselines.history_matrix import binary, training_matrix
from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.most_bought import most_bought
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share, recent_popularity
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class EASE:
    """Embarrassingly shallow autoencoder (Steck 2019, equation 8) with a history weighted by recency.

    With X the binary matrix of users and items, P = (X'X + regularisation I)^-1, B_ji = -P_ji / P_ii and B_ii = 0,

        score(i) = sum over the items j of the history of weight(j) B_ji  (.3 + sqrt(r(i)) where asked for),

    where weight(j) is the sum over the positions of j of exp(-age / days), or of decay ** positions since without
    ages, and at most 1; and r(i) is the recent popularity of i (`RecentPopular`) relative to the largest one.

    Attributes:
        regularisation: Weight of the squared entries of B (lambda).
        items: Only this many of the most bought items take part; None for all. Memory grows with the square, time
            with the cube.
        days: Age in days at which a position of the history counts 1/e; None weights by order.
        decay: Weight of a position relative to the next one, where the order is what counts.
        times_recent_popularity: Whether scores are multiplied by .3 + sqrt(r(i)).
        popularity_days: Age in days at which an event counts 1/e for r.
    """

    regularisation: float = 300.0
    items: int | None = 5_000
    days: float | None = 90.0
    decay: float = 0.9
    times_recent_popularity: bool = True
    popularity_days: float = 14.0

    def fit(self, interactions: Interactions) -> LinearRanker:
        """Solve for B.

        Raises:
            ValueError: The regularisation is too small for X'X to be inverted in float32.
        """
        users = popularity(interactions)
        columns = most_bought(users, self.items)
        matrix = binary(training_matrix(interactions)[:, columns])
        weights = self._weights((matrix.T @ matrix).toarray())
        if self.times_recent_popularity:
            weights *= self._popularity_factors(interactions)[columns]
        no_ties = np.zeros(len(users), np.float32)
        return LinearRanker(users, columns, weights, Recency(self.days, self.decay), 1.0, no_ties)

    def _weights(self, gram: NDArray[np.float32]) -> NDArray[np.float32]:
        """B from X'X; [M, M] float32 both."""
        if not len(gram):
            return gram
        diagonal = np.diag_indices(len(gram))
        gram[diagonal] += self.regularisation
        # LAPACK works on columns. The transposed view of a symmetric matrix is the same matrix in that order.
        factor, failed = lapack.spotrf(gram.T, lower=1, overwrite_a=1)
        if failed:
            raise ValueError(f"regularisation {self.regularisation} is too small to invert X'X")
        inverse, _ = lapack.spotri(factor, lower=1, overwrite_c=1)
        weights = np.tril(inverse)
        weights += np.tril(inverse, -1).T
        weights /= -weights.diagonal()
        weights[diagonal] = 0.0
        return weights

    def _popularity_factors(self, interactions: Interactions) -> NDArray[np.float32]:
        recent = recent_popularity(interactions, Recency(self.popularity_days, self.decay))
        return (0.3 + np.sqrt(popularity_share(recent))).astype(np.float32)
