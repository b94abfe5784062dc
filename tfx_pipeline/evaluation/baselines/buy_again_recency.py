"""The items that the user had before, the recent and frequent ones first."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.baselines.own_items_ranker import OwnItemsRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity_share, recent_popularity
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class BuyAgainRecency:
    """Score of an item of the history: the sum over its positions of exp(-age / days), and the rest by popularity.

    Without ages a position counts decay ** positions since. Popularity is that of the last weeks, as in
    `RecentPopular`; it also adds up to `popularity_share` to an item of the history.

    Attributes:
        days: Age in days at which a position of the history counts 1/e.
        decay: Weight of a position relative to the next one, where there are no ages.
        popularity_days: Age in days at which an event counts 1/e for popularity.
        popularity_share: What the most popular item gains if it is in the history.
    """

    days: float = 120.0
    decay: float = 0.98
    popularity_days: float = 14.0
    popularity_share: float = 0.001

    def fit(self, interactions: Interactions) -> OwnItemsRanker:
        """Sum the weights of every item's events."""
        recent = recent_popularity(interactions, Recency(self.popularity_days, self.decay))
        added = (self.popularity_share * popularity_share(recent)).astype(np.float32)
        return OwnItemsRanker(recent, Recency(self.days, self.decay), added)
