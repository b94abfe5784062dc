"""A data set of the quality benchmark: the snapshots to learn from, the one to be measured on, and what to reach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tfx_pipeline.benchmarks.quality.snapshot import Snapshot
from tfx_pipeline.evaluation.rankings import Ranker

Items = Literal["all", "new"]


@dataclass(frozen=True, eq=False)
class QualityData:
    """What is loaded of a data set.

    Attributes:
        learning: Earlier moments, each with what came next: the mixture learns from them. Empty where there is one
            moment alone: its cases are then cut in two at random for each seed, one half to learn from and the other to
            be measured.
        test: The moment that is measured. Nothing is chosen by it.
        baselines: Name -> simple model, fitted to the past of the test, that is shown beside ours.
    """

    learning: Sequence[Snapshot]
    test: Snapshot
    baselines: Mapping[str, Ranker]


@dataclass(frozen=True)
class QualityTask:
    """One row of the table that the benchmark has to reach.

    Attributes:
        name: Name of the data set and the kind of items.
        settings: Name of the file in `benchmarks/quality`, without its ending.
        items: Whether the items of the history may be shown, `all`, or not, `new`.
        targets: Metric -> what it has to reach.
        times_baseline: Metric -> what it has to reach as a multiple of a baseline.
        protocol: What is learned from, who is asked, what counts; one line.
        load: Reads the data from the folder of real data. It raises a `DataError` where they are absent.
        times_of: The baseline that `times_baseline` is a multiple of; None for the best one in each metric.
    """

    name: str
    settings: str
    items: Items
    targets: Mapping[str, float]
    times_baseline: Mapping[str, float]
    protocol: str
    load: Callable[[Path], QualityData]
    times_of: str | None = None
