"""Items whose buyers are the buyers of the history's items."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfx_pipeline.evaluation.baselines.history_matrix import binary, training_matrix
from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions
from trainer.item_to_item import co_purchase_cosines, most_bought

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
        nearest = co_purchase_cosines(matrix, self.neighbours, self.damping)
        weights = nearest if self.of == "history" else nearest.T.tocsr()
        tie_break = (_TIE_BREAK * popularity_share(users)).astype(np.float32)
        return LinearRanker(users, columns, weights, Recency(self.days, self.decay), 1.0, tie_break)
