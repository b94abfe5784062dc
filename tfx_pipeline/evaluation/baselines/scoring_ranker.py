"""Rank the catalogue by a score of every item."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tfx_pipeline.evaluation.baselines.join_rankings import join_rankings
from tfx_pipeline.evaluation.baselines.popularity import popularity_places
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import Rankings
from tfx_pipeline.evaluation.top_k import top_k

Evidence: TypeAlias = "sp.csr_matrix | NDArray[np.float32]"
"""What a model knows about each item for each case, [C, V] float32; 0 where it knows nothing."""


@dataclass(frozen=True, eq=False)
class ScoringRanker(ABC):
    """Ranks by what a model knows about each item, and behind that by popularity.

    An item's score is the model's evidence for it. Items without evidence (0) lie below all others of the case: the
    n-th most popular one scores n below the smallest evidence, or n below 0 where none is negative.

    Attributes:
        popularity: Popularity of every item, for the items without evidence; [V].
        scores_at_once: Scores held in memory while ranking, which sets how many cases are scored together.
    """

    popularity: NDArray[np.number[Any]]
    scores_at_once: int = field(default=2**24, kw_only=True)

    @abstractmethod
    def evidence(self, cases: EvaluationCases) -> Evidence:
        """What the model knows about each item for each of the C cases, in an array of its own; [C, V] float32."""

    def score(self, cases: EvaluationCases) -> NDArray[np.float32]:
        """The score of every item of the catalogue for each of the C cases; [C, V] float32, all finite.

        Raises:
            ValueError: The cases are of another catalogue.
        """
        if cases.item_count != len(self.popularity):
            raise ValueError(f"the cases are of {cases.item_count} items, the baseline of {len(self.popularity)}")
        evidence = self.evidence(cases)
        if isinstance(evidence, np.ndarray):
            return _fill_dense(evidence, self._below_evidence)
        return _fill_sparse(evidence, self._below_evidence)

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank k items a case by `score`; equal scores keep catalogue order.

        Args:
            cases: The C cases.
            k: Length of the lists.
            new_only: Whether the items of each case's history are left out.

        Returns:
            Items and scores [C, k]; -1 and -inf where the catalogue is used up.

        Raises:
            ValueError: `k` is below 1, or the cases are of another catalogue.
        """
        return join_rankings([self._rank(part, k, new_only) for part in self._batches(cases)])

    def rank_both(self, cases: EvaluationCases, k: int) -> tuple[Rankings, Rankings]:
        """Lists of all items and lists of new items, as from two calls, but every case is scored once."""
        parts = [self._rank_both(part, k) for part in self._batches(cases)]
        return join_rankings([everything for everything, _ in parts]), join_rankings([new for _, new in parts])

    @cached_property
    def _below_evidence(self) -> NDArray[np.float32]:
        return -popularity_places(self.popularity).astype(np.float32)

    def _batches(self, cases: EvaluationCases) -> Iterator[EvaluationCases]:
        size = max(1, self.scores_at_once // max(1, cases.item_count))
        # At least one batch, so that no cases at all give a ranking of the right shape.
        for start in range(0, max(1, len(cases)), size):
            yield cases[start : start + size]

    def _rank(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        scores = self.score(cases)
        return _top_k_of_new(scores, cases, k) if new_only else top_k(scores, k)

    def _rank_both(self, cases: EvaluationCases, k: int) -> tuple[Rankings, Rankings]:
        scores = self.score(cases)
        return top_k(scores, k), _top_k_of_new(scores, cases, k)


def _top_k_of_new(scores: NDArray[np.float32], cases: EvaluationCases, k: int) -> Rankings:
    """The best items outside the histories; the scores of the others are overwritten."""
    scores[cases.history.owners, cases.history.values] = -np.inf
    return top_k(scores, k)


def _fill_dense(evidence: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
    # Row by row, so that the work stays in the processor's cache.
    for row in evidence:
        unknown = np.flatnonzero(row == 0)
        row[unknown] = below[unknown] + row.min(initial=0.0)
    return evidence


def _fill_sparse(evidence: sp.csr_matrix, below: NDArray[np.float32]) -> NDArray[np.float32]:
    evidence.eliminate_zeros()
    owners = np.repeat(np.arange(evidence.shape[0]), np.diff(evidence.indptr))
    scores = np.repeat(below[None], evidence.shape[0], axis=0)
    if evidence.data.min(initial=0.0) < 0:
        floors = np.zeros(evidence.shape[0], np.float32)
        np.minimum.at(floors, owners, evidence.data)
        scores += floors[:, None]
    scores[owners, evidence.indices] = evidence.data
    return scores
