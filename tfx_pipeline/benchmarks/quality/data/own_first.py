"""A simple model with the items of the history put before all others."""

from dataclasses import dataclass

import scipy.sparse as sp

from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class OwnFirst(ScoringRanker):
    """The items of the history by their summed weights; behind them all others as another model ranks them.

    Attributes:
        others: The other model.
        recency: Weight of a position of the history.
    """

    others: LinearRanker
    recency: Recency

    def evidence(self, cases: EvaluationCases) -> sp.csr_matrix:
        """The evidence of the other model, and more than its largest for items of the history; [C, V] float32, CSR."""
        evidence = self.others.evidence(cases)
        own = history_matrix(cases, self.recency)
        own.data = (1 + own.data) * (1 + evidence.data.max(initial=0.0))
        return (evidence + own).tocsr()
