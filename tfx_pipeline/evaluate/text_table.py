"""How tables look on the terminal."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from tfx_pipeline.number_format import ABSENT, format_metric


def text_table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """An empty table with a title; names fold where they are too long, columns of numbers stay whole.

    Args:
        title: What it shows.
        columns: Names of the columns.
        right: Those that hold numbers.
    """
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for column in columns:
        is_right = column in right
        table.add_column(escape(column), justify="right" if is_right else "left", no_wrap=is_right, overflow="fold")
    return table


def interval_text(interval: tuple[float, float] | None) -> str:
    """Both ends, as short as can be: four of them and the name of a model have to fit into 80 columns."""
    return ABSENT if interval is None else f"{interval[0]:.4f}–{interval[1]:.4f}"


def value_with_interval(value: float | None, interval: tuple[float, float] | None, style: str = "") -> str:
    """A value, and its interval in the line below.

    Args:
        value: The value.
        interval: Its interval.
        style: Style of the value as Rich names it.
    """
    text = format_metric(value)
    shown = f"[{style}]{text}[/{style}]" if style else text
    return f"{shown}\n[dim]{interval_text(interval)}[/dim]"
