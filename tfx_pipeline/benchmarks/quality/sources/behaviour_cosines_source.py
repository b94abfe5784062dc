"""Items that the same users wanted or bought, whatever way a user showed it."""

from dataclasses import dataclass

import scipy.sparse as sp

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.user_items import case_users, user_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import co_purchase_cosines, history_scores


@dataclass(frozen=True)
class BehaviourCosinesSource(Source):
    """Item-based nearest neighbours (Deshpande and Karypis 2004, section 4.1) among all items of some event types.

    With U_i the users who have an event of one of the types with item i, and N(u) the items of user u by the same
    types, the score of item i is the sum over j in N(u) of |U_j & U_i| / sqrt(|U_j| |U_i|), without j = i.

    Attributes:
        of: Name of a score -> the event types that it counts.
    """

    of: dict[str, list[str]]

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Count the pairs of items of every score."""
        del seed
        matrices = {name: user_items(past, event_types) for name, event_types in self.of.items()}
        return _Cosines(
            {name: (matrix, co_purchase_cosines(matrix, past.shop.item_count)) for name, matrix in matrices.items()}
        )


@dataclass(frozen=True, eq=False)
class _Cosines(FittedSource):
    """Name -> the items of each user, [U, V], and the cosines of items, [V, V]; both float32, CSR."""

    parts: dict[str, tuple[sp.csr_matrix, sp.csr_matrix]]

    def scores(self, cases: EvaluationCases) -> Columns:
        users = case_users(cases)
        return {name: history_scores(own[users], cosines) for name, (own, cosines) in self.parts.items()}
