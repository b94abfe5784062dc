"""The sampled protocol: every model scores the same candidate lists."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluate.candidate_data import candidate_items
from tfx_pipeline.evaluate.loaded_model import Scorer
from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, mean_intervals
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import RankingScores
from tfx_pipeline.evaluation.paired_tests import PairedTest, paired_tests
from tfx_pipeline.evaluation.protocol import Evaluation, EvaluationSettings
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from tfx_pipeline.evaluation.sampled import CandidateLists, score_sampled
from tfx_pipeline.evaluation.table import EvaluationRow, EvaluationTable, Items


def evaluate_sampled(
    scorers: Mapping[str, Scorer],
    cases: EvaluationCases,
    candidates: CandidateLists,
    cutoffs: Sequence[int],
    settings: EvaluationSettings,
) -> Evaluation:
    """Score every model on the same candidate lists; the first is tested against the others.

    Args:
        scorers: Name -> model.
        cases: The users.
        candidates: One positive and its negatives a case.
        cutoffs: Values of k.
        settings: Bootstrap.

    Raises:
        ValueError: A cut-off is invalid, or a score is NaN; the message names the model.
    """
    asked = candidate_items(candidates)
    counts = None
    if settings.rounds and len(cases) > 1:
        counts = bootstrap_counts(len(cases), settings.rounds, settings.seed)
    scored: dict[str, RankingScores] = {}
    ranked: dict[tuple[str, Items], tuple[EvaluationCases, Rankings]] = {}
    for name, scorer in scorers.items():
        scores = scorer(cases, asked)
        try:
            scored[name] = score_sampled(*_parted(scores), cutoffs)
        except ValueError as error:
            raise ValueError(f"model '{name}': {error}") from error
        ranked[name, "all"] = cases, _ranked(asked, scores)
    rows = tuple(_row(name, each, counts) for name, each in scored.items())
    tests = _tests(scored, counts, settings.seed) if counts is not None else ()
    return Evaluation(EvaluationTable(tuple(cutoffs), rows), tests, ranked=ranked)


def _row(name: str, scores: RankingScores, counts: NDArray[np.uint16] | None) -> EvaluationRow:
    intervals = {} if counts is None else mean_intervals(scores.per_user, counts)
    return EvaluationRow(name, "all", scores.users, scores.means, scores.standard_errors, intervals)


def _tests(scored: Mapping[str, RankingScores], counts: NDArray[np.uint16], seed: int) -> tuple[PairedTest, ...]:
    (first, ours), *others = scored.items()
    tests = (
        paired_tests(first, name, "all", ours.per_user, each.per_user, list(ours.per_user), counts, seed)
        for name, each in others
    )
    return tuple(test for of_model in tests for test in of_model)


def _parted(scores: Ragged) -> tuple[NDArray[np.float32], Ragged]:
    """Scores of the positives, and of the negatives."""
    is_positive = np.zeros(len(scores.values), bool)
    is_positive[scores.offsets[:-1]] = True
    return scores.values[is_positive], scores.keep(~is_positive)


def _ranked(asked: Ragged, scores: Ragged) -> Rankings:
    """The candidates by score; equal scores keep catalogue order, so that the positive does not gain by its place."""
    order = np.lexsort((asked.values, -scores.values, asked.owners))
    is_listed = np.arange(asked.lengths.max(initial=0)) < asked.lengths[:, None]
    items = np.full(is_listed.shape, PAD, np.int32)
    items[is_listed] = asked.values[order]
    values = np.full(is_listed.shape, -np.inf, np.float32)
    values[is_listed] = scores.values[order]
    return Rankings(items, values)
