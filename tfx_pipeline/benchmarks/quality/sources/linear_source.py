"""Scores that are sums over a history: what each of its items, weighted by recency, says about all items."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import history_scores


@dataclass(frozen=True, eq=False)
class FittedLinear(FittedSource):
    """Score of item i: the sum over the positions of the history of weight(position) * matrix[its item, i].

    Attributes:
        name: Name of the score.
        matrix: What an item of the history says about each item; float32 [V, V], CSR or dense.
        recency: Weight of a position.
    """

    name: str
    matrix: "sp.csr_matrix | NDArray[np.float32]"
    recency: Recency

    def scores(self, cases: EvaluationCases) -> Columns:
        """The weighted sums; see the base class."""
        return {self.name: history_scores(history_matrix(cases, self.recency), self.matrix)}
