"""How much longer one piece of work takes than another, on a machine that does not hold still."""

import time
from collections.abc import Callable, Mapping
from statistics import median

Seconds = dict[str, list[float]]
"""Name of a piece of work -> seconds of each of its turns."""


def take_turns(works: Mapping[str, Callable[[], object]], rounds: int) -> Seconds:
    """Run pieces of work in turn, so that what slows the machine down slows all of them down.

    Args:
        works: What to run by its name.
        rounds: Timed turns of each, after one that is not timed: it compiles, and it comes after all have been built,
            for to set a seed in between makes TensorFlow forget what it compiled.

    Returns:
        The seconds of wall clock of each turn.
    """
    seconds: Seconds = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def paired_ratio(dividend: list[float], divisor: list[float]) -> float:
    """Median of the ratios of the same turn."""
    return median(a / b for a, b in zip(dividend, divisor, strict=True))


def ratio_range(dividend: list[float], divisor: list[float]) -> str:
    """The least and the greatest of the ratios, in words."""
    ratios = [a / b for a, b in zip(dividend, divisor, strict=True)]
    return f"median of {len(ratios)} paired ratios from {min(ratios):.2f} to {max(ratios):.2f}"
