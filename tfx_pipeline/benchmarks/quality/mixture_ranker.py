"""A ranker that adds up the scores of its sources with weights that it learned from earlier cases."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.candidate_table import CandidateTable, Fitted, candidate_table
from tfx_pipeline.benchmarks.quality.settings import ColumnSettings, PoolSettings
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings
from trainer.conditional_logit import ConditionalLogit


@dataclass(frozen=True, eq=False)
class LearningTable:
    """Candidates with the inputs of a mixture, and which of them came true.

    Attributes:
        inputs: float32 [M, S].
        positives: bool [M].
        candidates: Item rows, C lists.
    """

    inputs: NDArray[np.float32]
    positives: NDArray[np.bool_]
    candidates: Ragged


def learning_table(table: CandidateTable, cases: EvaluationCases, columns: Sequence[ColumnSettings]) -> LearningTable:
    """The inputs of a table's candidates, and which of them are targets of their cases."""
    came_true = np.isin(cases.keys(table.candidates), cases.keys(cases.targets))
    return LearningTable(mixture_inputs(table, columns), came_true, table.candidates)


def mixture_inputs(table: CandidateTable, columns: Sequence[ColumnSettings]) -> NDArray[np.float32]:
    """The columns of a table in the forms that the settings ask for; float32 [M, S]."""
    return np.stack([_input(table, column) for column in columns], axis=1)


def _input(table: CandidateTable, column: ColumnSettings) -> NDArray[np.float32]:
    values = _form(table, column)
    return values if column.times is None else values * table.columns[column.times]


def _form(table: CandidateTable, column: ColumnSettings) -> NDArray[np.float32]:
    values = table.columns[column.of]
    if column.form == "log1p":
        return np.log1p(column.scale * np.maximum(values, 0)).astype(np.float32)
    if column.form == "sqrt":
        return np.sqrt(np.maximum(values, 0)).astype(np.float32)
    if column.form == "log_share":
        above = np.maximum(values, 0)
        largest = np.zeros(len(table.candidates), np.float32)
        np.maximum.at(largest, table.candidates.owners, above)
        share = above / np.maximum(largest, np.finfo(np.float32).tiny)[table.candidates.owners]
        return np.log(share + column.floor).astype(np.float32)
    return values


def fit_mixture(tables: Sequence[LearningTable], columns: Sequence[ColumnSettings], l2: float) -> ConditionalLogit:
    """Learn the weights from the cases of several tables that have a target among their candidates."""
    names = [f"{column.of} {column.form} {place}" for place, column in enumerate(columns)]
    lengths = np.concatenate([table.candidates.lengths for table in tables])
    widest = int(lengths.max())
    owners = np.repeat(np.arange(len(lengths)), lengths)
    places = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    scores = np.zeros((len(lengths), widest, len(columns)), np.float32)
    scores[owners, places] = np.concatenate([table.inputs for table in tables])
    positives, valid = np.zeros((2, len(lengths), widest), np.bool_)
    positives[owners, places] = np.concatenate([table.positives for table in tables])
    valid[owners, places] = True
    return ConditionalLogit.fit(names, scores, positives, valid, l2)


@dataclass(frozen=True, eq=False)
class MixtureRanker:
    """Ranks the candidates of a case by the mixture; a `Ranker` of the evaluation.

    Attributes:
        fitted: Sources fitted to the past of the cases.
        pool: Which items are candidates.
        columns: Inputs of the mixture.
        mixture: The learned weights.
    """

    fitted: Fitted
    pool: PoolSettings
    columns: Sequence[ColumnSettings]
    mixture: ConditionalLogit

    def __call__(self, cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        """Rank k candidates a case; equal scores keep catalogue order."""
        table = candidate_table(self.fitted, cases, self.pool, new_only)
        return rank_candidates(table.candidates, self.mixture.score(mixture_inputs(table, self.columns)), k)


def rank_candidates(candidates: Ragged, scores: NDArray[np.float32], k: int) -> Rankings:
    """The k best candidates of each case by their scores, [M]; equal scores keep the order of the candidates."""
    order = np.lexsort((-scores, candidates.owners))
    place = np.arange(len(order)) - np.repeat(candidates.offsets[:-1], candidates.lengths)
    kept = order[place < k]
    items = np.full((len(candidates), k), PAD, np.int32)
    best = np.full((len(candidates), k), -np.inf, np.float32)
    row, column = candidates.owners[kept], place[place < k]
    items[row, column], best[row, column] = candidates.values[kept], scores[kept]
    return Rankings(items, best)
