"""Estimates as dots on one axis, each with its interval as a line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import altair as alt
from markupsafe import Markup

from tfx_pipeline.report.charts.draw import WIDTH, Role, draw, role_scale

_ROW_HEIGHT = 24


@dataclass(frozen=True)
class Estimate:
    """One dot.

    Attributes:
        label: Name of its row; dots with the same label share a row.
        value: Where it lies.
        interval: Both ends of its line; None for a dot alone.
        role: Whose value it is, which gives the colour.
    """

    label: str
    value: float
    interval: tuple[float, float] | None
    role: Role = "own"


def dot_intervals(estimates: Sequence[Estimate], metric: str, about: str) -> Markup:
    """Draw estimates, row by row in the order given.

    Args:
        estimates: At least one.
        metric: What is estimated; the title of the axis.
        about: What the rows are, for the text alternative.
    """
    intervals = [each.interval or (each.value, each.value) for each in estimates]
    values = [asdict(each) | {"low": low, "high": high} for each, (low, high) in zip(estimates, intervals, strict=True)]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("label:N", sort=None, title=None, axis=alt.Axis(grid=False)),
        color=alt.Color("role:N", scale=role_scale(), legend=None),
    )
    lines = base.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.5).encode(
        x=alt.X("low:Q", title=metric, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5)), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x="value:Q")
    rows = len({each.label for each in estimates})
    return draw((lines + dots).properties(width=WIDTH, height=_ROW_HEIGHT * rows), _in_words(estimates, metric, about))


def _in_words(estimates: Sequence[Estimate], metric: str, about: str) -> str:
    told = (f"{each.label} {each.value:.4f}{_ends(each.interval)}" for each in estimates)
    return f"{metric}, {about}: {'; '.join(told)}"


def _ends(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.4f} to {interval[1]:.4f})"
