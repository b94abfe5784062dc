"""The figures of ingestion: how fast, how much faster than stock TFX, how evenly, and in how much memory."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.flatness import flatness_figures
from tfx_pipeline.benchmarks.measured_process import on_one_core
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.stock_peer import time_stock_components, write_contract_csv
from tfx_pipeline.benchmarks.timed_steps import Steps, Timing, on_one_core_in, time_all_steps, time_examples
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.datasets.complete_journey import complete_journey_data
from tfx_pipeline.number_format import format_count
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split import NEVER, Split
from tfx_pipeline.table_config import DataConfig
from trainer.features import RANKER, TRAIN

RATE_TARGET, RATIO_TARGET, EXAMPLE_RATE_TARGET = 400_000, 40, 100_000
HISTORY = 50
_WINDOWS = "user windows"
_RATE, _RATIO = f"events to {_WINDOWS}", f"{_WINDOWS}, against stock CsvExampleGen + StatisticsGen"
_EXAMPLE_RATE = f"one example an event, histories of {HISTORY}"


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        rows: Rows of Complete Journey, from the first on; None takes all.
        generated: Numbers of generated events, increasing.
        repeats: Runs of which the quickest counts.
        most_repeats: Repetitions of the shortest runs on generated events.
    """

    rows: int | None = None
    generated: tuple[int, ...] = (100_000, 1_000_000, 5_000_000, 20_000_000)
    repeats: int = 3
    most_repeats: int = 15


def ingest_figures(sizes: Sizes | None = None) -> Iterator[Figure]:
    """Measure ingestion, every figure in a process of its own that has one core.

    Args:
        sizes: How much is measured; all of it by default.

    Returns:
        The figures, each as soon as it is there.
    """
    sizes = sizes or Sizes()
    with tempfile.TemporaryDirectory(prefix="shoprank-benchmark-") as folder:
        try:
            data = _first_rows(complete_journey_data(), sizes.rows, Path(folder))
        except DataError as error:
            yield from _absent(str(error))
        else:
            yield from _complete_journey_figures(data, sizes.repeats, Path(folder))
        yield from flatness_figures(sizes.generated, sizes.most_repeats, Path(folder))


def _first_rows(data: DataConfig, rows: int | None, folder: Path) -> DataConfig:
    """The data with the first rows of its one file of events."""
    if rows is None:
        return data
    path = folder / "first_rows.parquet"
    pq.write_table(pq.read_table(data.events.paths[0])[:rows], path)
    return data.model_copy(update={"events": data.events.model_copy(update={"path": str(path)})})


def _complete_journey_figures(data: DataConfig, repeats: int, folder: Path) -> Iterator[Figure]:
    windows = Steps(data, Split(), (TRAIN,))
    say("Complete Journey: user windows")
    own = on_one_core_in(folder, time_all_steps, windows, repeats)
    yield Figure.at_least(_RATE, own.rate, "events/s per core", RATE_TARGET, own.how)
    say("Complete Journey: all splits")
    every = on_one_core_in(folder, time_all_steps, Steps(data, SplitConfig()), repeats)
    yield Figure.shown("events to all five splits", every.rate, "events/s per core", every.how)
    say("Complete Journey: one example an event")
    history = HistoryConfig(length=HISTORY, ranker_cases="event")
    # The ranker window starts before all events and never ends.
    of_events = Steps(data, Split(ranker_start=-NEVER), (RANKER,), history)
    examples = on_one_core_in(folder, time_examples, of_events, repeats)
    rate = examples.rows_kept / examples.seconds
    how = f"from ingested tables to written examples; {examples.how}"
    yield Figure.at_least(_EXAMPLE_RATE, rate, "examples/s per core", EXAMPLE_RATE_TARGET, how)
    yield from _against_stock(data, own, folder)


def _against_stock(data: DataConfig, own: Timing, folder: Path) -> Iterator[Figure]:
    say("Complete Journey: stock CsvExampleGen + StatisticsGen, which takes minutes")
    source = folder / "csv"
    source.mkdir()
    rows = write_contract_csv(data.events, source / "events.csv")
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            seconds = on_one_core(time_stock_components, source, Path(scratch))
    except ModuleNotFoundError as error:
        yield Figure.absent(_RATIO, "times", RATIO_TARGET, str(error))
        return
    how = f"{format_count(rows)} rows as CSV, TFX's local runner, Beam's in-process runner, one run of {seconds:.1f} s"
    yield Figure.at_least(_RATIO, own.rate * seconds / rows, "times", RATIO_TARGET, f"the same rows and core; {how}")
    yield Figure.shown("stock CsvExampleGen + StatisticsGen", rows / seconds, "events/s per core", how)


def _absent(why: str) -> Iterator[Figure]:
    yield Figure.absent(_RATE, "events/s per core", RATE_TARGET, why)
    yield Figure.absent(_EXAMPLE_RATE, "examples/s per core", EXAMPLE_RATE_TARGET, why)
    yield Figure.absent(_RATIO, "times", RATIO_TARGET, why)
