"""The linear model from all items to all items, solved in closed form."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Source
from tfx_pipeline.benchmarks.quality.sources.linear_source import FittedLinear
from tfx_pipeline.evaluation.baselines.recency import Recency
from trainer.item_to_item import ease


@dataclass(frozen=True)
class EaseSource(Source):
    """Embarrassingly shallow autoencoder (Steck 2019, equation 8) of which items a user has, whatever the order.

    Attributes:
        name: Name of the score.
        regularisation: Weight of the squared entries of the matrix (lambda).
        decay: Weight of a position of the history relative to the next one, where `days` is None; 1 weights all alike.
        days: Age in days at which a position counts 1/e.

    Raises:
        ValueError: `decay` or `days` is out of range.
    """

    name: str = "ease"
    regularisation: float = 300.0
    decay: float = 1.0
    days: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        Recency(self.days, self.decay)

    def fit(self, past: Past, seed: int) -> FittedLinear:
        """Solve for the users of a past."""
        users = past.sequences.owner_matrix()
        users.data = np.ones_like(users.data)
        columns, weights = ease(users, self.regularisation)
        matrix = np.zeros((past.shop.item_count, past.shop.item_count), np.float32)
        matrix[np.ix_(columns, columns)] = weights
        return FittedLinear(self.name, matrix, Recency(self.days, self.decay))
