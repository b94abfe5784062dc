"""Give every case the same scores."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class ConstantRanker(ScoringRanker):
    """Evidence for item i: the same for every case.

    Attributes:
        scores: Evidence for every item; [V] float32.
    """

    scores: NDArray[np.float32]

    def evidence(self, cases: EvaluationCases) -> NDArray[np.float32]:
        """The same row for every case; [C, V] float32."""
        return np.repeat(self.scores[None], len(cases), axis=0)

    def score(self, cases: EvaluationCases) -> NDArray[np.float32]:
        """As of every ranker, but worked out for one case alone; [C, V] float32."""
        return np.repeat(super().score(cases[:1]), len(cases), axis=0)
