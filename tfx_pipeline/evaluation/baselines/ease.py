"""The linear model from all items to all items that is solved in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.history_matrix import binary, training_matrix
from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share, recent_popularity
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions
from trainer.item_to_item import ease


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
        matrix = binary(training_matrix(interactions))
        columns, weights = ease(matrix, self.regularisation, self.items)
        if self.times_recent_popularity:
            weights *= self._popularity_factors(interactions)[columns]
        no_ties = np.zeros(len(users), np.float32)
        return LinearRanker(users, columns, weights, Recency(self.days, self.decay), 1.0, no_ties)

    def _popularity_factors(self, interactions: Interactions) -> NDArray[np.float32]:
        recent = recent_popularity(interactions, Recency(self.popularity_days, self.decay))
        return (0.3 + np.sqrt(popularity_share(recent))).astype(np.float32)
