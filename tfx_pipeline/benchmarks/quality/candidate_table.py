"""Candidates of cases with their columns: what a learned mixture is fitted to and ranks by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.settings import PoolSettings
from tfx_pipeline.benchmarks.quality.source import Columns, FittedFeatures, FittedSource
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

Fitted = Mapping[str, FittedSource | FittedFeatures]

_SCORES_AT_ONCE = 2**22


@dataclass(frozen=True, eq=False)
class CandidateTable:
    """Candidates of C cases.

    Attributes:
        candidates: Distinct item rows of each case, increasing; C lists, M in all.
        columns: Name -> value of every candidate, float32 [M].
    """

    candidates: Ragged
    columns: Columns


def candidate_table(fitted: Fitted, cases: EvaluationCases, pool: PoolSettings, new_only: bool) -> CandidateTable:
    """Propose candidates and describe them, some cases at a time.

    Args:
        fitted: Name -> source or features, fitted to the past of the cases.
        cases: The cases.
        pool: How many candidates each score proposes.
        new_only: Whether the items of the histories are left out.
    """
    parts = [_part(fitted, part, pool, new_only) for part in _batches(cases)]
    values = np.concatenate([part.candidates.values for part in parts])
    lengths = np.concatenate([part.candidates.lengths for part in parts])
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns}
    return CandidateTable(Ragged(values, np.concatenate([[0], np.cumsum(lengths)])), columns)


def _batches(cases: EvaluationCases) -> Iterator[EvaluationCases]:
    size = max(1, _SCORES_AT_ONCE // cases.item_count)
    for start in range(0, len(cases), size):
        yield cases[start : start + size]


def _part(fitted: Fitted, cases: EvaluationCases, pool: PoolSettings, new_only: bool) -> CandidateTable:
    scores: Columns = {}
    for each in fitted.values():
        if isinstance(each, FittedSource):
            scores |= each.scores(cases)
    candidates = _propose(scores, cases, pool, new_only)
    owners = candidates.owners
    columns = {name: values[owners, candidates.values] for name, values in scores.items()}
    for each in fitted.values():
        if isinstance(each, FittedFeatures):
            columns |= each.columns(cases, candidates)
    return _keep_most(CandidateTable(candidates, columns), pool)


def _keep_most(table: CandidateTable, pool: PoolSettings) -> CandidateTable:
    """The best candidates of each case, in their order."""
    if pool.most is None:
        return table
    owners = table.candidates.owners
    keys: list[NDArray[Any]] = [-table.columns[name] for name in reversed(pool.most_by)]
    order = np.lexsort([*keys, owners])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.repeat(table.candidates.offsets[:-1], table.candidates.lengths)
    kept = place < pool.most
    return CandidateTable(table.candidates.keep(kept), {name: all_[kept] for name, all_ in table.columns.items()})


def _propose(scores: Columns, cases: EvaluationCases, pool: PoolSettings, new_only: bool) -> Ragged:
    """The union of the best items of each score, and of the histories if they may be shown."""
    own = cases.keys(cases.history)
    keys = [own] if pool.own and not new_only else []
    for name, count in pool.best.items():
        shown = scores[name].copy()
        if new_only:
            shown[cases.history.owners, cases.history.values] = -np.inf
        keys.append(_keys_of_best(shown, count))
    found = np.unique(np.concatenate(keys))
    owners, items = np.divmod(found[~np.isin(found, own)] if new_only else found, cases.item_count)
    return Ragged.from_owners(owners, items.astype(np.int32), len(cases))


def _keys_of_best(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Keys `case * V + item` of the best items of each row; items that the score knows nothing about are none."""
    count = min(count, scores.shape[1])
    best = np.argpartition(-scores, count - 1, axis=1)[:, :count]
    found = np.take_along_axis(scores, best, axis=1)
    known = (found != 0) & (found > -np.inf)
    return (np.arange(len(scores))[:, np.newaxis] * np.int64(scores.shape[1]) + best)[known]
