"""One moment alone: its cases are cut in two at random, one half to learn from and the other to be measured."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.candidate_table import candidate_table
from tfx_pipeline.benchmarks.quality.kinds import make_source
from tfx_pipeline.benchmarks.quality.mixture_ranker import LearningTable, fit_mixture, learning_table, rank_candidates
from tfx_pipeline.benchmarks.quality.settings import QualitySettings
from tfx_pipeline.benchmarks.quality.snapshot import Snapshot
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings


def halved_rankings(
    snapshot: Snapshot, settings: QualitySettings, new_only: bool, k: int
) -> Iterator[tuple[NDArray[np.int64], Rankings]]:
    """Fit the sources and describe the candidates once, then learn from one half and rank the other for each seed.

    Args:
        snapshot: The moment; every case has a target that counts.
        settings: Sources, candidates, mixture, and the seeds of the halves. The first seed is that of the sources.
        new_only: Whether the items of the histories are left out.
        k: Length of the lists.

    Yields:
        Indices of the cases that were not learned from, increasing, and their ranked lists.
    """
    sources = {name: make_source(arguments) for name, arguments in settings.sources.items()}
    fitted = {name: source.fit(snapshot.past, settings.seeds[0]) for name, source in sources.items()}
    candidates = candidate_table(fitted, snapshot.cases, settings.pool, new_only)
    table = learning_table(candidates, snapshot.cases, settings.columns)
    for seed in settings.seeds:
        learned, measured = halves(len(snapshot.cases), seed)
        mixture = fit_mixture([take(table, learned)], settings.columns, settings.l2)
        part = take(table, measured)
        yield measured, rank_candidates(part.candidates, mixture.score(part.inputs), k)


def halves(count: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices below `count` in two parts, each increasing; the second has one more where they are odd."""
    order = np.random.default_rng(seed).permutation(count)
    return np.sort(order[: count // 2]), np.sort(order[count // 2 :])


def take(table: LearningTable, cases: NDArray[np.int64]) -> LearningTable:
    """The candidates of some cases of a table, in the order of `cases`."""
    places = Ragged(np.arange(len(table.positives), dtype=np.int32), table.candidates.offsets).take(cases).values
    return LearningTable(table.inputs[places], table.positives[places], table.candidates.take(cases))
