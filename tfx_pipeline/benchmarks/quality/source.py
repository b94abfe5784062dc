"""What gives a score or a feature to a candidate."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

Columns = dict[str, NDArray[np.float32]]
"""Name -> values."""


class FittedSource(ABC):
    """Scores every item of the catalogue, and so can propose candidates."""

    @abstractmethod
    def scores(self, cases: EvaluationCases) -> Columns:
        """Name -> score of every item for each of the C cases, float32 [C, V]; 0 where it knows nothing.

        Called with some dozens of cases at a time.
        """


class FittedFeatures(ABC):
    """Describes candidates that others proposed."""

    @abstractmethod
    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        """Name -> value of every candidate, float32 [M].

        Args:
            cases: The C cases.
            candidates: Item rows, C lists, M values in all.
        """


class Source(ABC):
    """Settings of something that can be fitted to a past, as a file in `benchmarks/quality` gives them.

    Attributes:
        is_random: Whether the seed changes what is learned.
    """

    is_random: ClassVar[bool] = False

    @abstractmethod
    def fit(self, past: Past, seed: int) -> FittedSource | FittedFeatures:
        """Learn from a past.

        Args:
            past: The events.
            seed: Seed of whatever is random.
        """
