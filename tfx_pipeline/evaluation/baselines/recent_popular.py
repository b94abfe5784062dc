"""The items that were popular lately, the same for everyone."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.baselines.constant_ranker import ConstantRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, recent_popularity
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class RecentPopular:
    """Score of item i: the sum over its events of exp(-age / days), or of decay ** events since without ages.

    An item whose score is too small for a float32 follows by the number of its distinct users.

    Attributes:
        days: Age in days at which an event counts 1/e.
        decay: Weight of an event relative to the same user's next one, where there are no ages.
    """

    days: float = 14.0
    decay: float = 0.9

    def fit(self, interactions: Interactions) -> ConstantRanker:
        """Sum the weights of every item's events."""
        recent = recent_popularity(interactions, Recency(self.days, self.decay))
        return ConstantRanker(popularity(interactions), recent.astype(np.float32))
