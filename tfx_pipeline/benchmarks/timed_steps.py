"""The steps from a shop's files to written examples, against the clock."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median

from tfx_pipeline.benchmarks.generated_events import PURCHASE, generated_shop
from tfx_pipeline.benchmarks.measured_process import on_one_core, peak_memory
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.number_format import format_count
from tfx_pipeline.split import Split
from tfx_pipeline.table_config import DataConfig
from trainer.features import CATALOGUE, TRAIN

EVENT_TYPES = [PURCHASE]
FEW_EVENTS = 1_000
"""So few cost nearly nothing beyond the fixed costs of a run."""
_TABLES = "tables"


@dataclass(frozen=True)
class Steps:
    """What is measured.

    Attributes:
        data: The shop's tables; all of its events are purchases.
        split: The windows; a `SplitConfig` is looked up in the events, as a run does.
        history: Lengths of windows, context and store.
        splits: Which examples are written; all by default.
    """

    data: DataConfig
    split: Split | SplitConfig
    splits: tuple[str, ...] | None = None
    history: HistoryConfig = field(default_factory=HistoryConfig)


@dataclass(frozen=True)
class Timing:
    """The best of several runs.

    Attributes:
        rows_read: Events in the source.
        rows_kept: Events that the rules kept.
        seconds: Wall clock.
        processor_seconds: Processor time of all threads.
        peak_memory: Most memory that the process held by then, bytes.
        repeats: How many runs there were.
        net_seconds: Processor time beyond the fixed costs, where it was measured.
    """

    rows_read: int
    rows_kept: int
    seconds: float
    processor_seconds: float
    peak_memory: int
    repeats: int = 1
    net_seconds: float | None = None

    @property
    def rate(self) -> float:
        """Events of the source, a second."""
        return self.rows_read / self.seconds

    @property
    def how(self) -> str:
        """The timing in words."""
        best = f", best of {self.repeats}" if self.repeats > 1 else ""
        return (
            f"{format_count(self.rows_read)} events on one core, {self.seconds:.2f} s wall clock"
            f" ({self.processor_seconds:.2f} s processor time) without imports{best}"
        )


def on_one_core_in(folder: Path, function: Callable[[Steps, int, Path], Timing], steps: Steps, repeats: int) -> Timing:
    """Call one of the functions below in a process of its own, with a scratch folder in `folder`."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        return on_one_core(function, steps, repeats, Path(scratch))


def time_all_steps(steps: Steps, repeats: int, scratch: Path) -> Timing:
    """Time the way from the shop's files to written examples: validation, quarantine, tables and examples.

    Args:
        steps: What to measure.
        repeats: How often.
        scratch: An existing folder for what is written; it is empty again afterwards.
    """
    _warm_up(scratch)
    return _best([_timed(partial(_all_steps, steps, scratch), scratch) for _ in range(repeats)])


def time_examples(steps: Steps, repeats: int, scratch: Path) -> Timing:
    """Time the way from ingested tables to written examples; as `time_all_steps`."""
    _warm_up(scratch)
    counts = _ingest(steps, scratch)

    def once() -> tuple[int, int]:
        _build(steps, scratch)
        return counts

    timing = _best([_timed(once, scratch, keep=(_TABLES,)) for _ in range(repeats)])
    _clear(scratch)
    return timing


def time_beyond_fixed_costs(steps: Steps, repeats: int, scratch: Path) -> Timing:
    """Time all steps, and what their events cost beyond the fixed costs of a run.

    What a run costs whatever the number of events (Beam starts two pipelines, items are read and written) is measured
    right before each run, on a shop of 1,000 events with the same items, and subtracted.

    Returns:
        The best timing, with the median of the differences as `net_seconds`.
    """
    _warm_up(scratch)
    with tempfile.TemporaryDirectory(dir=scratch.parent) as folder:
        few = Steps(generated_shop(Path(folder), FEW_EVENTS), steps.split, steps.splits, steps.history)
        pairs = [[_timed(partial(_all_steps, each, scratch), scratch) for each in (few, steps)] for _ in range(repeats)]
    net = median(run.processor_seconds - fixed.processor_seconds for fixed, run in pairs)
    return replace(_best([run for _, run in pairs]), net_seconds=net)


def _timed(once: Callable[[], tuple[int, int]], scratch: Path, keep: tuple[str, ...] = ()) -> Timing:
    _clear(scratch, keep)
    processor, clock = time.process_time(), time.perf_counter()
    rows_read, rows_kept = once()
    seconds, processor_seconds = time.perf_counter() - clock, time.process_time() - processor
    _clear(scratch, keep)
    return Timing(rows_read, rows_kept, seconds, processor_seconds, peak_memory())


def _best(timings: list[Timing]) -> Timing:
    return replace(
        timings[0],
        seconds=min(timing.seconds for timing in timings),
        processor_seconds=min(timing.processor_seconds for timing in timings),
        peak_memory=max(timing.peak_memory for timing in timings),
        repeats=len(timings),
    )


def _all_steps(steps: Steps, scratch: Path) -> tuple[int, int]:
    counts = _ingest(steps, scratch)
    _build(steps, scratch)
    return counts


def _warm_up(scratch: Path) -> None:
    """Import everything, and run all steps once on few events."""
    shop = scratch / "warm_up"
    shop.mkdir()
    _all_steps(Steps(generated_shop(shop, FEW_EVENTS), Split(), (TRAIN, CATALOGUE)), scratch)
    _clear(scratch)


def _ingest(steps: Steps, scratch: Path) -> tuple[int, int]:
    from tfx_pipeline.sources.ingest import ingest

    (scratch / _TABLES).mkdir()
    events = ingest(steps.data, EVENT_TYPES, scratch / _TABLES).events
    return events.rows_read, events.rows_kept


def _build(steps: Steps, scratch: Path) -> None:
    from tfx_pipeline.example_files import SPLITS, build_examples
    from tfx_pipeline.sources.ingest import in_process
    from tfx_pipeline.split_tables import read_split

    tables = scratch / _TABLES
    split = steps.split if isinstance(steps.split, Split) else read_split(tables, steps.split)
    splits = SPLITS if steps.splits is None else steps.splits
    with in_process() as pipeline:
        build_examples(pipeline, tables, split, steps.history, scratch / "examples", splits)


def _clear(scratch: Path, keep: tuple[str, ...] = ()) -> None:
    for path in scratch.iterdir():
        if path.name not in keep:
            shutil.rmtree(path)
