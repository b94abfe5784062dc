"""Items that follow soon after the items of the history."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.baselines.linear_ranker import LinearRanker
from tfx_pipeline.evaluation.baselines.popularity import popularity, popularity_share
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions
from trainer.item_to_item import Sequences, divide_by_popularity, inverse_distances, transitions

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
        sequences = Sequences(interactions.users, interactions.items, interactions.item_count)
        counts = transitions(sequences, inverse_distances(self.steps), backward=float(self.both_ways))
        damped = divide_by_popularity(counts, users, self.power)
        tie_break = (_TIE_BREAK * popularity_share(users)).astype(np.float32)
        recency = Recency(days=None, decay=self.decay)
        return LinearRanker(users, np.arange(len(users)), damped, recency, None, tie_break)
