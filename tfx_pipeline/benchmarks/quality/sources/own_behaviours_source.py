"""The items that a user has put into the cart, say, or marked as a favourite."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.user_items import case_users, user_items
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged


@dataclass(frozen=True)
class OwnBehavioursSource(Source):
    """1 for the items that the user has an event of some types with, 0 for all others.

    Attributes:
        of: Name of a score -> its event types.
    """

    of: dict[str, list[str]]

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Take the items of every user."""
        del seed
        return _OwnItems({name: user_items(past, event_types) for name, event_types in self.of.items()})


@dataclass(frozen=True, eq=False)
class _OwnItems(FittedSource):
    own: dict[str, sp.csr_matrix]

    def scores(self, cases: EvaluationCases) -> Columns:
        users = case_users(cases)
        return {name: matrix[users].toarray() for name, matrix in self.own.items()}


@dataclass(frozen=True)
class OwnCountFeatures(Source):
    """How many items the user has events of some types with: of a long list, each is bought less likely.

    Attributes:
        of: Name of a feature -> its event types.
    """

    of: dict[str, list[str]]

    def fit(self, past: Past, seed: int) -> FittedFeatures:
        """Count the items of every user."""
        del seed
        matrices = {name: user_items(past, event_types) for name, event_types in self.of.items()}
        return _OwnCounts({name: np.diff(matrix.indptr).astype(np.float32) for name, matrix in matrices.items()})


@dataclass(frozen=True, eq=False)
class _OwnCounts(FittedFeatures):
    counts: Columns

    def columns(self, cases: EvaluationCases, candidates: Ragged) -> Columns:
        users = case_users(cases)[candidates.owners]
        return {name: counts[users] for name, counts in self.counts.items()}
