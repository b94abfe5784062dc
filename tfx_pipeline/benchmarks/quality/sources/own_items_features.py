"""Where a candidate stands in the history of its case."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, Source
from tfx_pipeline.evaluation.baselines.history_matrix import history_matrix
from tfx_pipeline.evaluation.baselines.recency import EQUAL, Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class OwnItemsFeatures(Source):
    """Features of items that may come again, and the two flags that keep them apart from the others.

    `is_own` is 1 for an item of the history and `is_other` for any other item: as the `times` of an input they give the
    two kinds weights of their own. `own_recency` is the sum of decay ** age over the positions of the item, with age 0
    for the latest event; `own_count` their number; `own_latest` and `own_previous` are 1 for the item of the latest
    event and of the one before it.

    Attributes:
        decay: Weight of a position relative to the next one.

    Raises:
        ValueError: `decay` is not in (0, 1].
    """

    decay: float = 0.7

    def __post_init__(self) -> None:
        """Check the number."""
        Recency(None, self.decay)

    def fit(self, past: Past, seed: int) -> "FittedOwnItems":
        """Nothing is learned: histories come with the cases."""
        return FittedOwnItems(Recency(None, self.decay))


@dataclass(frozen=True)
class FittedOwnItems(FittedFeatures):
    """Reads the histories.

    Attributes:
        recency: Weight of a position.
    """

    recency: Recency

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """The six features; see the base class."""
        count = _at(history_matrix(cases, EQUAL), candidates)
        return {
            "is_own": (count > 0).astype(np.float32),
            "is_other": (count == 0).astype(np.float32),
            "own_recency": _at(history_matrix(cases, self.recency), candidates),
            "own_count": count,
            "own_latest": _is_at(1, cases, candidates),
            "own_previous": _is_at(2, cases, candidates),
        }


def _at(matrix: sp.csr_matrix, candidates: Ragged) -> NDArray[np.float32]:
    """The entries of a matrix of cases and items at the candidates; float32 [M]."""
    return np.asarray(matrix[candidates.owners, candidates.values], np.float32).ravel()


def _is_at(place: int, cases: EvaluationCases, candidates: Ragged) -> NDArray[np.float32]:
    """Whether each candidate is the item that stands `place` from the end of its history; float32 [M] of 0 and 1."""
    there = np.full(len(cases), -1)
    long_enough = cases.history.lengths >= place
    there[long_enough] = cases.history.values[cases.history.offsets[1:][long_enough] - place]
    return (candidates.values == there[candidates.owners]).astype(np.float32)
