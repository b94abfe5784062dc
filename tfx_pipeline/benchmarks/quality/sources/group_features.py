"""Whether a candidate is of a group, such as a brand, that the history is of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.benchmarks.quality.sources.weighted_history import weighted_history
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class GroupFeatures(Source):
    """The share of the history that is of the candidate's group.

    With weight(p) = decay ** positions since, the feature is the sum of weight(p) over the positions of the history
    whose item is of the candidate's group, divided by that over all of them. With decay 0 it says whether the last
    item is of that group. Items without a group have none in common.

    Attributes:
        group: Name of a group of the shop.
        decays: Name of a feature -> its decay.
    """

    group: str
    decays: dict[str, float]

    def fit(self, past: Past, seed: int) -> FittedFeatures:
        """Take the group of every item.

        Raises:
            ValueError: The shop has no such group.
        """
        del seed
        if self.group not in past.shop.groups:
            raise ValueError(f"group is {self.group!r}, expected one of {', '.join(past.shop.groups) or 'none'}")
        return _GroupShares(self.decays, past.shop.groups[self.group])


@dataclass(frozen=True, eq=False)
class _GroupShares(FittedFeatures):
    decays: dict[str, float]
    groups: NDArray[np.int64]

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        return {name: self._shares(cases, candidates, decay) for name, decay in self.decays.items()}

    def _shares(self, cases: EvaluationCases, candidates: Ragged, decay: float) -> NDArray[np.float32]:
        history = weighted_history(cases, decay).tocoo()
        weights = np.zeros((len(cases), self.groups.max(initial=-1) + 2), np.float32)
        np.add.at(weights, (history.row, self.groups[history.col]), history.data)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        # Group -1, of items without one, is the last column.
        weights[:, -1] = 0
        return weights[candidates.owners, self.groups[candidates.values]]
