"""Two runs beside each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tfx_pipeline.run_summary import RunSummary, WindowMetrics

Value = TypeVar("Value")


@dataclass(frozen=True)
class RunPair:
    """The runs that a comparison is about: differences are the second less the first."""

    first: RunSummary
    second: RunSummary

    @property
    def windows(self) -> list[tuple[WindowMetrics, WindowMetrics]]:
        """The windows that both runs measured, by name."""
        others = {window.name: window for window in self.second.windows}
        return [(window, others[window.name]) for window in self.first.windows if window.name in others]


def beside(first: Mapping[str, Value], second: Mapping[str, Value]) -> Iterator[tuple[str, Value | None, Value | None]]:
    """Every name of either, in the order of the first run, with its value in both; None where it has none."""
    for name in dict.fromkeys((*first, *second)):
        yield name, first.get(name), second.get(name)
