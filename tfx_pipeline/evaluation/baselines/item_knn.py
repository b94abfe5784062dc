"""Items whose buyers are the buyers of the history's items."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.evaluation.baselines.history_matrix import binary, training_matrix
from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.most_bought import most_bought
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions
from tfx_pipeline.evaluation.top_k import top_k

_ROWS = 512
# Items of equal cosines, of which rare items have many, go by popularity.
_TIE_BREAK = 1e-4


@dataclass(frozen=True)
class ItemKNN:
    """Item-based nearest neighbours (Deshpande and Karypis 2004, section 4.1) with a history weighted by recency.

    With U_i the users of item i, cosine(j, i) = |U_j & U_i| / sqrt((|U_j| + damping) (|U_i| + damping)), and

        score(i) = sum over the items j of the history of weight(j) cosine(j, i),  j a neighbour of i,

    where weight(j) is the sum over the positions of j of exp(-age / days), or of decay ** positions since without
    ages, and at most 1.

    Attributes:
        neighbours: Neighbours k of an item: those with the largest cosines.
        of: Whose k nearest are neighbours: those of the item that is scored, or those of the item of the history (as
            in the paper). The first is the stronger baseline wherever we measured both.
        days: Age in days at which a position of the history counts 1/e; None weights by order.
        decay: Weight of a position relative to the next one, where the order is what counts.
        damping: Users added to each item, so that items with few users are less near.
        items: Only this many of the most bought items have neighbours; None for all.
    """

    neighbours: int = 100
    of: Literal["scored", "history"] = "scored"
    days: float | None = 90.0
    decay: float = 0.9
    damping: float = 0.0
    items: int | None = 5_000

    def fit(self, interactions: Interactions) -> LinearRanker:
        """Find the neighbours of every item."""
        users = popularity(interactions)
        columns = most_bought(users, self.items)
        matrix = binary(training_matrix(interactions)[:, columns])
        lengths = np.sqrt(np.maximum(users[columns] + self.damping, 1.0)).astype(np.float32)
        unit = (matrix @ sp.diags(1 / lengths)).tocsr()
        nearest = sp.vstack(list(self._nearest(unit)), format="csr", dtype=np.float32)
        weights = nearest if self.of == "history" else nearest.T.tocsr()
        tie_break = (_TIE_BREAK * popularity_share(users)).astype(np.float32)
        return LinearRanker(users, columns, weights, Recency(self.days, self.decay), 1.0, tie_break)

    def _nearest(self, unit: sp.csr_matrix) -> Iterator[sp.csr_matrix]:
        """The cosines of the k nearest items of each item; blocks [rows, M], CSR."""
        transposed = unit.T.tocsr()
        count = unit.shape[1]
        yield sp.csr_matrix((0, count), dtype=np.float32)
        for start in range(0, count, _ROWS):
            cosines = (transposed[start : start + _ROWS] @ unit).toarray()
            rows = np.arange(len(cosines))
            cosines[rows, start + rows] = 0.0
            cosines[cosines == 0] = -np.inf
            best = top_k(cosines, min(self.neighbours, count)).items
            places = np.nonzero(best >= 0)[0], best[best >= 0]
            yield sp.csr_matrix((cosines[places], places), shape=cosines.shape)
