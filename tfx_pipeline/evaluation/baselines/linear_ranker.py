"""Score items by a weighted sum over the items of the history."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.baselines.scoring_ranker import ScoringRanker
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True, eq=False)
class LinearRanker(ScoringRanker):
    """Evidence for item i: the sum over the items j of the history of weight(j) * matrix[j, i], and a tie-break.

    Attributes:
        columns: The item rows that the matrix knows, increasing; [M] int64.
        matrix: What an item of the history says about each item; [M, M] float32, CSR or dense.
        recency: Weight of a position of the history.
        ceiling: The most that an item of the history can weigh; None for no limit.
        tie_break: What an item with evidence gains besides; [V] float32.
    """

    columns: NDArray[np.int64]
    matrix: "sp.csr_matrix | NDArray[np.float32]"
    recency: Recency
    ceiling: float | None
    tie_break: NDArray[np.float32]

    def evidence(self, cases: EvaluationCases) -> sp.csr_matrix:
        """The weighted sums; [C, V] float32, CSR."""
        history = history_matrix(cases, self.recency, self.ceiling)
        # The columns of the whole catalogue are those of the history already; to pick them would cost a copy.
        part = history if len(self.columns) == cases.item_count else history[:, self.columns]
        known = sp.csr_matrix(part @ self.matrix)
        items = self.columns[known.indices]
        entries = (known.data + self.tie_break[items], items, known.indptr)
        return sp.csr_matrix(entries, shape=(len(cases), cases.item_count))
