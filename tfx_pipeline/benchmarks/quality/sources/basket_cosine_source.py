"""Items that were bought in the same baskets as the items of the history."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Source
from tfx_pipeline.benchmarks.quality.sources.linear_source import FittedLinear
from tfx_pipeline.evaluation.baselines.recency import Recency
from trainer.item_to_item import co_purchase_cosines


@dataclass(frozen=True)
class BasketCosineSource(Source):
    """Cosines between items over baskets (Deshpande and Karypis 2004, section 4.1), summed over the history.

    The events of the history count exp(-age / days).

    Attributes:
        name: Name of the score.
        count: Similar items of an item that are kept.
        damping: Added to the baskets of an item, so that rare items are less near.
        days: Age in days at which an event of the history counts 1/e.
    """

    name: str = "basket_cosine"
    count: int = 200
    damping: float = 5.0
    days: float = 90.0

    def fit(self, past: Past, seed: int) -> FittedLinear:
        """Count the pairs of the baskets."""
        baskets = past.sequences.basket_matrix()
        baskets.data = np.ones_like(baskets.data)
        cosines = co_purchase_cosines(baskets, self.count, damping=self.damping)
        return FittedLinear(self.name, cosines, Recency(self.days, 1.0))
