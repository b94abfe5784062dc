"""Items that the users of the history's items have too."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Source
from tfx_pipeline.benchmarks.quality.sources.linear_source import FittedLinear
from tfx_pipeline.evaluation.baselines.recency import Recency
from trainer.item_to_item import co_purchase_cosines


@dataclass(frozen=True)
class CosineSource(Source):
    """Item-based nearest neighbours (Deshpande and Karypis 2004, section 4.1) with a history weighted by recency.

    With U_i the users of item i, the score of item i is the sum over the positions p of the history of
    weight(p) |U_p & U_i| / sqrt(|U_p| |U_i|), without p = i.

    Attributes:
        name: Name of the score.
        neighbours: The nearest items of each item of the history that count; None for all.
        decay: Weight of a position relative to the next one, where `days` is None; 1 weights all alike.
        days: Age in days at which a position counts 1/e.

    Raises:
        ValueError: `decay` or `days` is out of range.
    """

    name: str = "cosine"
    neighbours: int | None = None
    decay: float = 0.8
    days: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        Recency(self.days, self.decay)

    def fit(self, past: Past, seed: int) -> FittedLinear:
        """Count the pairs of items."""
        del seed
        users = past.sequences.owner_matrix()
        users.data = np.ones_like(users.data)
        cosines = co_purchase_cosines(users, self.neighbours or past.shop.item_count)
        return FittedLinear(self.name, cosines, Recency(self.days, self.decay))
