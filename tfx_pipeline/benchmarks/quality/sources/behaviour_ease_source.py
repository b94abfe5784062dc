"""The linear model in closed form, over all that users wanted or bought."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.user_items import case_users, user_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import ease


@dataclass(frozen=True)
class BehaviourEaseSource(Source):
    """EASE (Steck 2019, equation 8) of users and the items that they have events of some types with.

    Its score `ease` of item i is the sum over the user's items j of B_ji, 0 for items that do not take part.

    Attributes:
        event_types: The event types that count, each alike.
        regularisation: Weight of the squared entries of B.
        items: Only this many of the items with the most users take part.
    """

    event_types: list[str]
    regularisation: float
    items: int

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Solve for B."""
        del seed
        matrix = user_items(past, self.event_types)
        columns, weights = ease(matrix, self.regularisation, self.items)
        return _Ease(matrix[:, columns], columns, weights)


@dataclass(frozen=True, eq=False)
class _Ease(FittedSource):
    own: sp.csr_matrix
    columns: NDArray[np.int64]
    weights: NDArray[np.float32]

    def scores(self, cases: EvaluationCases) -> Columns:
        scores = np.zeros((len(cases), cases.item_count), np.float32)
        scores[:, self.columns] = self.own[case_users(cases)] @ self.weights
        return {"ease": scores}
