"""How much an item is chosen by everybody: over all of the past, or lately."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.transitions_source import recent_users
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class PopularityFeatures(Source):
    """The number of users of an item; or, with a half-life, its events, the recent ones more than the others.

    Attributes:
        name: Name of the feature.
        half_life_users: The event of a user counts half as much as that of the one who came so many users later; for
            users that are numbered in the order of time, such as sessions. None counts users instead.

    Raises:
        ValueError: `half_life_users` is not above 0.
    """

    name: str = "popularity"
    half_life_users: float | None = None

    def __post_init__(self) -> None:
        """Check the number."""
        if self.half_life_users is not None and not self.half_life_users > 0:
            raise ValueError(f"half_life_users is {self.half_life_users}, expected more than 0")

    def fit(self, past: Past, seed: int) -> "FittedPopularity":
        """Count the users, or weigh the events, of a past."""
        return FittedPopularity(self.name, self._counts(past).astype(np.float32))

    def _counts(self, past: Past) -> NDArray[np.floating | np.integer]:
        if self.half_life_users is None:
            return past.sequences.owners_per_item()
        weights = recent_users(past, self.half_life_users)
        return np.bincount(past.items, weights, minlength=past.shop.item_count)


@dataclass(frozen=True, eq=False)
class FittedPopularity(FittedFeatures):
    """The popularity of every item.

    Attributes:
        name: Name of the feature.
        counts: Popularity; float32 [V].
    """

    name: str
    counts: NDArray[np.float32]

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The popularity of the candidates; see the base class."""
        return {self.name: self.counts[candidates.values]}
