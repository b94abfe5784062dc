"""Whether a candidate is of the group, such as the brand, of the latest item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.last_items import NONE, last_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class LastGroupFeatures(Source):
    """The feature `<g>_last`: 1 for a candidate of the same group g as the latest item of the history, else 0.

    Items without a group have none in common.

    Attributes:
        group: Name of a group of the shop.
    """

    group: str

    def fit(self, past: Past, seed: int) -> "FittedLastGroup":
        """Take the group of every item.

        Raises:
            ValueError: The shop has no such group.
        """
        if self.group not in past.shop.groups:
            raise ValueError(f"group is {self.group!r}, expected one of {', '.join(past.shop.groups) or 'none'}")
        return FittedLastGroup(f"{self.group}_last", past.shop.groups[self.group])


@dataclass(frozen=True, eq=False)
class FittedLastGroup(FittedFeatures):
    """Compares groups.

    Attributes:
        name: Name of the feature.
        groups: Number of the group of each item, -1 for none; int64 [V].
    """

    name: str
    groups: NDArray[np.int64]

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The flag; see the base class."""
        last = last_items(cases)
        wanted = np.where(last == NONE, -1, self.groups[last])[candidates.owners]
        return {self.name: ((self.groups[candidates.values] == wanted) & (wanted >= 0)).astype(np.float32)}
