"""The steps from a shop's files to written examples, against the clock."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tfx_pipeline.benchmarks.generated_events import PURCHASE, generated_shop
from tfx_pipeline.benchmarks.measured_process import on_one_core, peak_memory
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.number_format import format_count
from tfx_pipeline.split import Split
from tfx_pipeline.table_config import DataConfig
from trainer.features import CATALOGUE, TRAIN

EVENT_TYPES = [PURCHASE]
_WARM_UP_EVENTS = 1_000
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
    """

    rows_read: int
    rows_kept: int
    seconds: float
    processor_seconds: float
    peak_memory: int
    repeats: int

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

    def once() -> tuple[int, int]:
        counts = _ingest(steps, scratch)
        _build(steps, scratch)
        return counts

    return _quickest(once, repeats, scratch, keep=())


def time_examples(steps: Steps, repeats: int, scratch: Path) -> Timing:
    """Time the way from ingested tables to written examples; as `time_all_steps`."""
    _warm_up(scratch)
    counts = _ingest(steps, scratch)

    def once() -> tuple[int, int]:
        _build(steps, scratch)
        return counts

    return _quickest(once, repeats, scratch, keep=(_TABLES,))


def _quickest(once: Callable[[], tuple[int, int]], repeats: int, scratch: Path, keep: tuple[str, ...]) -> Timing:
    seconds, processor_seconds = [], []
    for _ in range(repeats):
        _clear(scratch, keep)
        processor, clock = time.process_time(), time.perf_counter()
        rows_read, rows_kept = once()
        seconds.append(time.perf_counter() - clock)
        processor_seconds.append(time.process_time() - processor)
    _clear(scratch)
    return Timing(rows_read, rows_kept, min(seconds), min(processor_seconds), peak_memory(), repeats)


def _warm_up(scratch: Path) -> None:
    """Import everything, and run all steps once on few events."""
    shop = scratch / "warm_up"
    shop.mkdir()
    steps = Steps(generated_shop(shop, _WARM_UP_EVENTS), Split(), (TRAIN, CATALOGUE))
    _ingest(steps, scratch)
    _build(steps, scratch)
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
