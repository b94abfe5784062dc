"""Score the items of a case's own history."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class OwnItemsRanker(ScoringRanker):
    """Evidence for an item of the history: its weight there, and a little for its popularity.

    Attributes:
        recency: Weight of a position of the history.
        added: What every item gains if it is in the history; [V] float32.
    """

    recency: Recency
    added: NDArray[np.float32]

    def evidence(self, cases: EvaluationCases) -> sp.csr_matrix:
        """The weights of the items of the histories; [C, V] float32, CSR."""
        own = history_matrix(cases, self.recency)
        own.data += self.added[own.indices]
        return own
