"""Score items by factors, with factors of the case solved for from its history."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.als_solver import added_confidence, solve_rows
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class FactorRanker(ScoringRanker):
    """Evidence for item i: the dot product of its factors with those of the case (fold-in).

    Attributes:
        item_factors: Factors of every item, 0 for those that were never bought; [V, F] float32.
        alpha: How much the positions of the history add to the confidence.
        regularisation: Weight of the squared factors.
    """

    item_factors: NDArray[np.float32]
    alpha: float
    regularisation: float

    def evidence(self, cases: EvaluationCases) -> NDArray[np.float32]:
        """The dot products; [C, V] float32."""
        confidence = added_confidence(history_matrix(cases), self.alpha)
        return solve_rows(confidence, self.item_factors, self.regularisation) @ self.item_factors.T
