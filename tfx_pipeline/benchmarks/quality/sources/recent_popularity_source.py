"""Recent popularity as a score of all items, so that it can propose candidates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import recent_popularity


@dataclass(frozen=True)
class RecentPopularitySource(Source):
    """The sum over the events of each item of exp(-age / days), the same for every case.

    Attributes:
        name: Name of the score.
        days: Age in days at which an event counts 1/e.
    """

    name: str = "recent_popularity"
    days: float = 14.0

    def fit(self, past: Past, seed: int) -> "FittedRecentPopularity":
        """Sum the weights of the events."""
        return FittedRecentPopularity(self.name, recent_popularity(past.sequences, self.days, 0.0).astype(np.float32))


@dataclass(frozen=True, eq=False)
class FittedRecentPopularity(FittedSource):
    """The popularity of every item.

    Attributes:
        name: Name of the score.
        popularity: float32 [V].
    """

    name: str
    popularity: NDArray[np.float32]

    def scores(self, cases: EvaluationCases) -> Columns:
        """The same row for every case; see the base class."""
        return {self.name: np.tile(self.popularity, (len(cases), 1))}
