"""How the cost of an event and the peak memory grow with the number of events."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.generated_events import generated_shop
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.timed_steps import Steps, Timing, on_one_core_in, time_all_steps
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.number_format import format_count

FLATNESS_TARGET, MEMORY_TARGET = 1.2, 6.0
_FIXED_COST_EVENTS = 1_000
_LONG_RUN_EVENTS = 2_000_000
"""Runs on more events than this are long enough to be timed once."""


def flatness_figures(sizes: Sequence[int], repeats: int, folder: Path) -> Iterator[Figure]:
    """Time the way from generated events to all five splits for several numbers of events.

    The cost is processor time, which other work on the machine hardly changes. What a run costs whatever the number of
    events (Beam starts two pipelines, the items are read and written) is measured on 1,000 events and subtracted.

    Args:
        sizes: Numbers of events, increasing.
        repeats: Runs of which the quickest counts, for the shorter ones.
        folder: An existing folder for what is written.
    """
    # The subtraction makes the smallest sizes the least certain, so they are repeated most.
    fixed = _time(_FIXED_COST_EVENTS, 2 * repeats, folder)
    timings = [_time(size, _repeats(size, repeats), folder) for size in sizes]
    yield _flatness(timings, fixed)
    for timing in timings:
        name = f"at {format_count(timing.rows_read)} events"
        how = f"fixed costs of {fixed.processor_seconds:.2f} s processor time subtracted"
        yield Figure.shown(f"net cost per event {name}", _net(timing, fixed) * 1e6, "µs", how)
        yield Figure.shown(f"cost per event {name}", 1e6 / timing.rate, "µs", timing.how)
    last = timings[-1]
    name = f"peak memory at {format_count(last.rows_read)} events"
    yield Figure.at_most(name, last.peak_memory / 1e9, "GB", MEMORY_TARGET, "ru_maxrss of the process of that run")


def _flatness(timings: Sequence[Timing], fixed: Timing) -> Figure:
    name = "net cost per event, dearest size by cheapest"
    net = [_net(timing, fixed) for timing in timings]
    if min(net) <= 0:
        why = f"{format_count(timings[0].rows_read)} events cost no more than {format_count(fixed.rows_read)}"
        return Figure.absent(name, "times", FLATNESS_TARGET, why)
    span = f"from {format_count(timings[0].rows_read)} to {format_count(timings[-1].rows_read)} generated events"
    how = f"{span}, all five splits, processor time on one core less that of {format_count(fixed.rows_read)} events"
    return Figure.at_most(name, max(net) / min(net), "times", FLATNESS_TARGET, how)


def _net(timing: Timing, fixed: Timing) -> float:
    """Seconds of processor time per event beyond the fixed costs."""
    return (timing.processor_seconds - fixed.processor_seconds) / (timing.rows_read - fixed.rows_read)


def _repeats(size: int, repeats: int) -> int:
    if size > _LONG_RUN_EVENTS:
        return 1
    return repeats if size >= _LONG_RUN_EVENTS // 4 else 2 * repeats


def _time(size: int, repeats: int, folder: Path) -> Timing:
    say(f"generated events: {format_count(size)}")
    with tempfile.TemporaryDirectory(dir=folder) as shop:
        return on_one_core_in(folder, time_all_steps, Steps(generated_shop(Path(shop), size), SplitConfig()), repeats)
