"""Items that follow soon after the items of the history."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions

# Items that followed as often, of which there are many where histories are short, go by popularity.
_TIE_BREAK = 1e-4


@dataclass(frozen=True)
class Transitions:
    """Item-to-item transitions: a Markov chain (Rendle, Freudenthaler and Schmidt-Thieme 2010) that looks further back.

    With n(j, i, d) how often item i comes d events after item j in a user's training events, and u(i) the users of i,

        score(i) = sum over positions p of the history of decay ** p sum_{d=1..steps} n(j_p, i, d) / d / u(i) ** power,

    where p counts back from the latest position. An item that comes again follows itself.

    Attributes:
        steps: How far ahead an item is counted.
        decay: Weight of a position of the history relative to the next one.
        power: Power of the popularity that the scores are divided by; 0 leaves them as they are.
        both_ways: Whether items that come before count like those that follow.
    """

    steps: int = 10
    decay: float = 0.8
    power: float = 0.5
    both_ways: bool = False

    def fit(self, interactions: Interactions) -> LinearRanker:
        """Count the transitions."""
        users = popularity(interactions)
        counts = self._counts(interactions)
        counts = counts + counts.T if self.both_ways else counts
        damped = counts @ sp.diags((1 / np.maximum(users, 1) ** self.power).astype(np.float32))
        tie_break = (_TIE_BREAK * popularity_share(users)).astype(np.float32)
        recency = Recency(days=None, decay=self.decay)
        return LinearRanker(users, np.arange(len(users)), damped.tocsr(), recency, None, tie_break)

    def _counts(self, interactions: Interactions) -> sp.csr_matrix:
        """The sum over the distances of n(j, i, distance) / distance; [V, V] float32, CSR."""
        size = (interactions.item_count, interactions.item_count)
        counts = sp.csr_matrix(size, dtype=np.float32)
        for distance in range(1, min(self.steps, len(interactions) - 1) + 1):
            items, following = interactions.items[:-distance], interactions.items[distance:]
            counted = interactions.users[:-distance] == interactions.users[distance:]
            weights = np.full(int(counted.sum()), 1 / distance, np.float32)
            counts += sp.csr_matrix((weights, (items[counted], following[counted])), shape=size)
        return counts
