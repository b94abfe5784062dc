"""The most popular items, the same for everyone."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.baselines.constant_ranker import ConstantRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class MostPopular:
    """Score of item i: the number of distinct users who had it in the training window."""

    def fit(self, interactions: Interactions) -> ConstantRanker:
        """Count the users of every item."""
        users = popularity(interactions)
        return ConstantRanker(users, users.astype(np.float32))
