"""The items that the user had before, most frequent first."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.baselines.own_items_ranker import OwnItemsRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_places
from tfx_pipeline.evaluation.baselines.recency import EQUAL
from tfx_pipeline.evaluation.interactions import Interactions


@dataclass(frozen=True)
class BuyAgain:
    """Score of an item of the history: how often it is there; equally frequent ones and the rest by popularity.

    Popularity is the number of distinct users. It adds less than 1 to the frequency, so that it decides ties alone.
    Of new items this leaves nothing but the most popular ones.
    """

    def fit(self, interactions: Interactions) -> OwnItemsRanker:
        """Count the users of every item."""
        users = popularity(interactions)
        places = popularity_places(users)
        below_one = 1 - places / (places.max(initial=0) + 1)
        return OwnItemsRanker(users, EQUAL, below_one.astype(np.float32))
