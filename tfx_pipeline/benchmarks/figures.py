"""Figures: what a benchmark measured, beside what it should be."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.number_format import ABSENT, format_number


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: What was measured.
        value: The number; None where the data or the peer that it needs are absent.
        unit: Unit of `value` and `target`.
        target: What the value should reach or not exceed; None where it is only shown.
        met: Whether it does; None where there is no target.
        how: How it was measured, in this run, and against what.
    """

    name: str
    value: float | None
    unit: str
    target: float | None
    met: bool | None
    how: str

    @classmethod
    def at_least(cls, name: str, value: float, unit: str, target: float, how: str) -> "Figure":
        """A figure that should reach its target."""
        return cls(name, value, unit, target, value >= target, f"at least the target; {how}")

    @classmethod
    def at_most(cls, name: str, value: float, unit: str, target: float, how: str) -> "Figure":
        """A figure that should not exceed its target."""
        return cls(name, value, unit, target, value <= target, f"at most the target; {how}")

    @classmethod
    def shown(cls, name: str, value: float, unit: str, how: str) -> "Figure":
        """A figure without a target."""
        return cls(name, value, unit, None, None, how)

    @classmethod
    def absent(cls, name: str, unit: str, target: float, why: str) -> "Figure":
        """A figure that could not be measured, and so is not met."""
        return cls(name, None, unit, target, False, f"not measured: {why}")


def to_json(figures: Sequence[Figure]) -> str:
    """The figures as a JSON list, one object each."""
    return json.dumps([asdict(figure) for figure in figures], indent=2) + "\n"


def print_figures(figures: Sequence[Figure], console: Console | None = None) -> None:
    """Print the figures as a table, and below it how each was measured."""
    console = console or Console()
    table = Table()
    for column in ("figure", "value", "unit", "target", "met"):
        is_number = column in ("value", "target")
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number)
    for figure in figures:
        met = {True: "[green]yes[/green]", False: "[bold red]no[/bold red]", None: ABSENT}[figure.met]
        row = (escape(figure.name), _number(figure.value), escape(figure.unit), _number(figure.target), met)
        table.add_row(*row)
    console.print(table)
    for figure in figures:
        console.print(f"[bold]{escape(figure.name)}:[/bold] {escape(figure.how)}", highlight=False)


def unmet(figures: Sequence[Figure]) -> list[str]:
    """Names of the figures that miss their target or could not be measured."""
    return [figure.name for figure in figures if figure.met is False]


def _number(value: float | None) -> str:
    return ABSENT if value is None else format_number(value)
