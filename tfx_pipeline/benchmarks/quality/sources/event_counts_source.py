"""How many events of some types each item has."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past
from tfx_pipeline.benchmarks.quality.source import Columns, FittedSource, Source
from tfx_pipeline.benchmarks.quality.sources.user_items import events_of
from tfx_pipeline.evaluation.cases import EvaluationCases


@dataclass(frozen=True)
class EventCountsSource(Source):
    """The number of events of an item, the same for every case.

    Attributes:
        of: Name of a score -> the event types that it counts.
    """

    of: dict[str, list[str]]

    def fit(self, past: Past, seed: int) -> FittedSource:
        """Count the events."""
        del seed
        chosen = {name: past.items[events_of(past, event_types)] for name, event_types in self.of.items()}
        size = past.shop.item_count
        return _Counts({name: np.bincount(items, minlength=size).astype(np.float32) for name, items in chosen.items()})


@dataclass(frozen=True, eq=False)
class _Counts(FittedSource):
    counts: Columns

    def scores(self, cases: EvaluationCases) -> Columns:
        return {name: np.broadcast_to(counts, (len(cases), len(counts))) for name, counts in self.counts.items()}
