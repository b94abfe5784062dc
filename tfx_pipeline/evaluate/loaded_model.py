"""A model that can be asked."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from serving.client import ShopRankClient
from tfx_pipeline.evaluate.model_source import ModelSource
from tfx_pipeline.evaluate.ranker_rows import RankerRows
from tfx_pipeline.evaluate.ranker_scorer import score_by_ranking
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.probabilities import ProbabilityScores
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Ranker

Scorer = Callable[[EvaluationCases, Ragged], Ragged]
"""`scorer(cases, candidates)` gives each of the candidates of each case a score; C lists of float32."""

ProbabilityScorer = Callable[[RankerRows, int, int], tuple[ProbabilityScores, ...]]
"""`scorer(rows, rounds, seed)` scores the probabilities that a model gives to labelled rows."""

_SERVER_TIMEOUT = 60.0
"""Longest wait for one answer of a model server, in seconds."""


@dataclass(frozen=True)
class LoadedModel:
    """A model that can be asked.

    Attributes:
        source: What it is.
        rank: Ranks the catalogue.
        score: Scores given candidates.
        notes: What a reader of its figures has to know, asked for when it has ranked.
        score_probabilities: Scores its probabilities; None where it gives none.
    """

    source: ModelSource
    rank: Ranker
    score: Scorer
    notes: Callable[[], list[str]] = list
    score_probabilities: ProbabilityScorer | None = None


def connect(source: ModelSource, stack: ExitStack) -> ShopRankClient:
    """A connection to a model server, which `stack` closes.

    Raises:
        ServingError: The server cannot be reached.
    """
    client = stack.enter_context(ShopRankClient(source.place, timeout=_SERVER_TIMEOUT))
    # A server that is not there should be told of before anything long starts.
    client.status()
    return client


def from_ranker(source: ModelSource, ranker: Ranker, notes: Callable[[], list[str]] = list) -> LoadedModel:
    """A model that only ranks: its scores of given candidates are looked up in what it ranks."""
    return LoadedModel(source, ranker, partial(score_by_ranking, ranker), notes)
