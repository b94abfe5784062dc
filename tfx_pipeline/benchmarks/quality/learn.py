"""From a data set and its settings to a ranker, once for each seed."""

from collections.abc import Iterator, Sequence

from tfx_pipeline.benchmarks.quality.candidate_table import Fitted, candidate_table
from tfx_pipeline.benchmarks.quality.kinds import make_source
from tfx_pipeline.benchmarks.quality.mixture_ranker import LearningTable, MixtureRanker, fit_mixture, learning_table
from tfx_pipeline.benchmarks.quality.settings import QualitySettings
from tfx_pipeline.benchmarks.quality.snapshot import Past, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData
from tfx_pipeline.evaluation.rankings import Ranker


def learned_rankers(data: QualityData, settings: QualitySettings, new_only: bool) -> Iterator[Ranker]:
    """Fit the sources to each earlier moment, learn to rank there, and fit the sources anew at the test's moment.

    Args:
        data: The moments.
        settings: Sources, candidates and what ranks them.
        new_only: Whether the items of the histories are left out.

    Yields:
        A ranker for each seed; only the first one if nothing is random.
    """
    fits = [_Fits(snapshot.past, settings) for snapshot in (*data.learning, data.test)]
    any_random = fits[-1].any_random
    seeds = settings.seeds if any_random or settings.model == "network" else settings.seeds[:1]
    tables: list[LearningTable] = []
    for seed in seeds:
        fitted = [each.at(seed) for each in fits]
        if any_random or not tables:
            tables = [
                _learn(each, snapshot, settings, new_only)
                for each, snapshot in zip(fitted[:-1], data.learning, strict=True)
            ]
        yield _ranker(tables, fitted[-1], settings, seed)


def _ranker(tables: Sequence[LearningTable], fitted: Fitted, settings: QualitySettings, seed: int) -> Ranker:
    if settings.model == "mixture":
        mixture = fit_mixture(tables, settings.columns, settings.l2)
        return MixtureRanker(fitted, settings.pool, settings.columns, mixture)
    # It needs Keras, which takes seconds to start.
    from tfx_pipeline.benchmarks.quality.network_ranker import NetworkRanker, fit_network

    network = fit_network(tables, settings.network, seed)
    return NetworkRanker(fitted, settings.pool, settings.columns, network)


def _learn(fitted: Fitted, snapshot: Snapshot, settings: QualitySettings, new_only: bool) -> LearningTable:
    cases = snapshot.cases.new_only()[0] if new_only else snapshot.cases
    return learning_table(candidate_table(fitted, cases, settings.pool, new_only), cases, settings.columns)


class _Fits:
    """Sources fitted to one past; those that are not random are fitted once for all seeds."""

    def __init__(self, past: Past, settings: QualitySettings) -> None:
        self._past = past
        self._sources = {name: make_source(arguments) for name, arguments in settings.sources.items()}
        self._fixed: Fitted = {}

    @property
    def any_random(self) -> bool:
        return any(source.is_random for source in self._sources.values())

    def at(self, seed: int) -> Fitted:
        if not self._fixed:
            self._fixed = {
                name: source.fit(self._past, seed) for name, source in self._sources.items() if not source.is_random
            }
        drawn = {name: source.fit(self._past, seed) for name, source in self._sources.items() if source.is_random}
        return {name: drawn[name] if name in drawn else self._fixed[name] for name in self._sources}
