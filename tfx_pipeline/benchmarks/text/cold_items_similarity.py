"""How near the content of every item is to that of the items of a history."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource
from tfx_pipeline.evaluation.cases import EvaluationCases

History = Literal["sum", "largest", "latest"]


def cosines(vectors: NDArray[np.float32] | sp.csr_matrix) -> NDArray[np.float32]:
    """Products of all pairs of unit vectors; float32 [V, V]."""
    if isinstance(vectors, np.ndarray):
        return np.asarray(vectors @ vectors.T, np.float32)
    return np.asarray((vectors @ vectors.T).toarray(), np.float32)


@dataclass(frozen=True, eq=False)
class ContentSimilarity(FittedSource):
    """Scores items by content alone, so that an item without any event is scored like all others.

    With c(j, i) the cosine of items j and i, and age 0 for the latest position of a history, the score of item i is
    `sum`: the sum of decay^age c(j, i) over the positions; `largest`: their largest, or 0; `latest`: that of age 0.

    Attributes:
        name: Name of the score.
        cosines: float32 [V, V].
        history: How the positions of a history are put together.
        decay: Weight of a position relative to the next one.
    """

    name: str
    cosines: NDArray[np.float32]
    history: History
    decay: float

    def scores(self, cases: EvaluationCases) -> Columns:
        """The scores; see the base class."""
        scores = np.zeros((len(cases), cases.item_count), np.float32)
        for case in range(len(cases)):
            latest_first = cases.history_of(case)[::-1]
            if len(latest_first):
                scores[case] = self._of(latest_first)
        return {self.name: scores}

    def _of(self, latest_first: NDArray[np.int32]) -> NDArray[np.float32]:
        if self.history == "latest":
            return self.cosines[latest_first[0]]
        weights = np.float32(self.decay) ** np.arange(len(latest_first), dtype=np.float32)
        if self.history == "sum":
            return weights @ self.cosines[latest_first]
        weighted = weights[:, np.newaxis] * self.cosines[latest_first]
        return np.maximum(weighted.max(axis=0), np.float32(0))
