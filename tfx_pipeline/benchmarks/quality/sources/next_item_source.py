"""What came right after the latest item."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.last_items import NONE, last_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from trainer.item_to_item import inverse_distances, transitions


@dataclass(frozen=True)
class NextItemSource(Source):
    """A first-order Markov chain (Rendle, Freudenthaler and Schmidt-Thieme 2010, section 4) that doubts few counts.

    With n(j, i) how often item i is the next one after item j, and j the latest item of the history, the score of item
    i is n(j, i) / (sum_k n(j, k) + smoothing).

    Attributes:
        name: Name of the score.
        smoothing: Counts of no item in particular, added to the sum of every item; above 0.

    Raises:
        ValueError: The smoothing is not above 0.
    """

    name: str = "next_item"
    smoothing: float = 1.0

    def __post_init__(self) -> None:
        """Check the number."""
        if not self.smoothing > 0:
            raise ValueError(f"smoothing is {self.smoothing}, expected more than 0")

    def fit(self, past: Past, seed: int) -> "FittedNextItem":
        """Count the pairs of neighbours."""
        counts = transitions(past.sequences, inverse_distances(1))
        sums = np.asarray(counts.sum(axis=1)).ravel() + self.smoothing
        return FittedNextItem(self.name, (sp.diags((1 / sums).astype(np.float32)) @ counts).tocsr())


@dataclass(frozen=True, eq=False)
class FittedNextItem(FittedSource):
    """Looks up the latest item.

    Attributes:
        name: Name of the score.
        shares: How often each item, the row, is followed by each item; float32 [V, V], CSR.
    """

    name: str
    shares: sp.csr_matrix

    def scores(self, cases: EvaluationCases) -> Columns:
        """The row of the latest item; see the base class."""
        last = last_items(cases)
        scores = self.shares[last].toarray()
        scores[last == NONE] = 0
        return {self.name: scores}
