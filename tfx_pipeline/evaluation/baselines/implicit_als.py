"""Matrix factorisation for implicit feedback by alternating least squares."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.als_solver import added_confidence, solve_rows
from tfx_pipeline.evaluation.baselines.factor_ranker import FactorRanker
from tfx_pipeline.evaluation.baselines.history_matrix import training_matrix
from tfx_pipeline.evaluation.baselines.popularity import popularity
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class ImplicitALS:
    """Alternating least squares on implicit feedback (Hu, Koren and Volinsky 2008, equations 3 to 6).

    With r_ui how often user u had item i, p_ui = 1 where r_ui > 0, else 0, and the confidence c_ui = 1 + alpha ln(1 +
    r_ui), the factors x_u and y_i minimise

        sum_ui c_ui (p_ui - x_u . y_i)^2 + regularisation (sum_u |x_u|^2 + sum_i |y_i|^2).

    A case's factors are solved for from its history and the item factors (equation 4), so that users who were never
    seen in training are ranked alike. score(i) = x . y_i.

    Attributes:
        factors: Length of the factors.
        alpha: How much the events add to the confidence.
        regularisation: Weight of the squared factors (lambda).
        iterations: Times that the users and then the items are solved for.
        seed: Seed of the item factors to start from.
    """

    factors: int = 64
    alpha: float = 4.0
    regularisation: float = 10.0
    iterations: int = 5
    seed: int = 7

    def fit(self, interactions: Interactions) -> FactorRanker:
        """Solve for users and items in turn."""
        users = popularity(interactions)
        counts = training_matrix(interactions)
        return FactorRanker(users, self._item_factors(counts), self.alpha, self.regularisation)

    def _item_factors(self, counts: sp.csr_matrix) -> NDArray[np.float32]:
        confidence = added_confidence(counts, self.alpha)
        by_item = confidence.T.tocsr()
        random = np.random.default_rng(self.seed)
        items = random.normal(0, 0.1, (counts.shape[1], self.factors)).astype(np.float32)
        items[np.diff(by_item.indptr) == 0] = 0.0
        for _ in range(self.iterations):
            users = solve_rows(confidence, items, self.regularisation)
            items = solve_rows(by_item, users, self.regularisation)
        return items
