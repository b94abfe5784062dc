"""How the cost of an event and the peak memory grow with the number of events."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfx_pipeline.benchmarks.figures import Figure
from tfx_pipeline.benchmarks.generated_events import generated_shop
from tfx_pipeline.benchmarks.progress import say
from tfx_pipeline.benchmarks.timed_steps import FEW_EVENTS, Steps, Timing, on_one_core_in, time_beyond_fixed_costs
from tfx_pipeline.config import SplitConfig
from tfx_pipeline.number_format import format_count

FLATNESS_TARGET, MEMORY_TARGET = 1.2, 6.0
_EVENTS_IN_ALL = 2_000_000
"""Runs on fewer events are repeated until they add up to so many, within limits: the short ones vary most."""


def flatness_figures(sizes: Sequence[int], most_repeats: int, folder: Path) -> Iterator[Figure]:
    """Time the way from generated events to all five splits for several numbers of events.

    The cost is processor time, which other work on the machine hardly changes.

    Args:
        sizes: Numbers of events, increasing.
        most_repeats: How often the shortest runs are repeated.
        folder: An existing folder for what is written.
    """
    timings = [_time(size, max(1, min(most_repeats, _EVENTS_IN_ALL // size)), folder) for size in sizes]
    yield _flatness(timings)
    for timing in timings:
        name = f"at {format_count(timing.rows_read)} events"
        yield Figure.shown(f"net cost per event {name}", _net(timing) * 1e6, "µs", _NET)
        yield Figure.shown(f"cost per event {name}", 1e6 / timing.rate, "µs", timing.how)
    last = timings[-1]
    name = f"peak memory at {format_count(last.rows_read)} events"
    yield Figure.at_most(name, last.peak_memory / 1e9, "GB", MEMORY_TARGET, "ru_maxrss of the process of that run")


_NET = (
    f"processor time of a run less that of one on {format_count(FEW_EVENTS)} events right before it, per event; "
    "the median of the repeated ones"
)


def _flatness(timings: Sequence[Timing]) -> Figure:
    name = "net cost per event, dearest size by cheapest"
    net = [_net(timing) for timing in timings]
    if min(net) <= 0:
        cheapest = timings[net.index(min(net))]
        why = f"{format_count(cheapest.rows_read)} events cost no more than {format_count(FEW_EVENTS)}"
        return Figure.absent(name, "times", FLATNESS_TARGET, why)
    span = f"from {format_count(timings[0].rows_read)} to {format_count(timings[-1].rows_read)} generated events"
    return Figure.at_most(name, max(net) / min(net), "times", FLATNESS_TARGET, f"{span}, all five splits; {_NET}")


def _net(timing: Timing) -> float:
    """Seconds of processor time per event beyond the fixed costs."""
    assert timing.net_seconds is not None
    return timing.net_seconds / (timing.rows_read - FEW_EVENTS)


def _time(size: int, repeats: int, folder: Path) -> Timing:
    say(f"generated events: {format_count(size)}")
    with tempfile.TemporaryDirectory(dir=folder) as shop:
        steps = Steps(generated_shop(Path(shop), size), SplitConfig())
        return on_one_core_in(folder, time_beyond_fixed_costs, steps, repeats)
