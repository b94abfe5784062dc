"""How well the served model searches, beside BM25 on the same queries."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tfx_pipeline.catalogue_evaluation import SERVED_MODEL
from tfx_pipeline.evaluate.search_evaluation import evaluate_search
from tfx_pipeline.evaluation.baselines.bm25 import BM25
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import EvaluationSettings
from tfx_pipeline.evaluation.rankings import Ranker, Rankings
from tfx_pipeline.search_cases import SearchCases
from tfx_pipeline.search_result import SearchQuality

BM25_NAME = "BM25"


class Searches(Protocol):
    """A model that can be asked with a text alone."""

    def search(self, queries: Sequence[str], k: int) -> Rankings:
        """The answers to strangers who type these queries; [Q, k]."""
        ...


def measure_search(
    window: str,
    served: Searches,
    searches: SearchCases,
    documents: Sequence[str],
    cutoffs: Sequence[int],
    settings: EvaluationSettings,
) -> SearchQuality | None:
    """Score the served model and BM25; None where the window has no searches.

    Args:
        window: Name of the window.
        served: The model.
        searches: What is searched for.
        documents: Text of each item by catalogue row.
        cutoffs: Values of k.
        settings: Bootstrap.
    """
    if not searches.queries:
        return None
    words = BM25().fit(documents)
    rankers = {
        SERVED_MODEL: _ranker(searches, served.search),
        BM25_NAME: _ranker(searches, words.search),
    }
    evaluation = evaluate_search(rankers, searches.cases, cutoffs, settings)
    return SearchQuality(window, searches.kind, len(searches.queries), evaluation.table, evaluation.tests)


def _ranker(searches: SearchCases, search: Callable[[Sequence[str], int], Rankings]) -> Ranker:
    def rank(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        return search(searches.queries_of(cases), k)

    return rank
