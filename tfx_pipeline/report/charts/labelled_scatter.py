"""Points with their names beside them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, exp, floor, log, log10
from typing import Any

import altair as alt
from markupsafe import Markup

from tfx_pipeline.report.charts.draw import Role, draw, role_scale
from tfx_pipeline.report.charts.label_places import GAP, place_labels

_WIDTH, _HEIGHT = 300, 230
_MARGIN = 0.1
_WIDE = 20
_TEXT: dict[str, Any] = {"baseline": "middle", "fontSize": 12}


@dataclass(frozen=True)
class NamedPoint:
    """A point, its name, and whose it is, which gives the colour."""

    name: str
    x: float
    y: float
    role: Role


@dataclass(frozen=True)
class _Axis:
    """One of the two axes, with a margin at both ends."""

    title: str
    low: float
    high: float
    is_log: bool = False

    @classmethod
    def over(cls, title: str, values: Sequence[float], may_be_log: bool = False) -> "_Axis":
        is_log = may_be_log and 0 < _WIDE * min(values) <= max(values)
        placed = [log(value) for value in values] if is_log else values
        margin = _MARGIN * ((max(placed) - min(placed)) or 1)
        low, high = min(placed) - margin, max(placed) + margin
        return cls(f"{title} (logarithmic)", exp(low), exp(high), True) if is_log else cls(title, low, high)

    def share(self, value: float) -> float:
        """How far along the axis a value lies, from 0 to 1."""
        low, high, value = map(log, (self.low, self.high, value)) if self.is_log else (self.low, self.high, value)
        return (value - low) / (high - low)

    def options(self) -> dict[str, Any]:
        """What Altair's channels take."""
        scale = alt.Scale(type="log" if self.is_log else "linear", domain=[self.low, self.high], nice=False)
        ticks: dict[str, Any] = {"values": self._powers()} if self.is_log else {"tickCount": 5}
        return {"title": self.title, "scale": scale, "axis": alt.Axis(format="~g", **ticks)}

    def _powers(self) -> list[float]:
        """The powers of ten on a logarithmic axis."""
        return [10.0**power for power in range(ceil(log10(self.low)), floor(log10(self.high)) + 1)]


def labelled_scatter(points: Sequence[NamedPoint], x_title: str, y_title: str) -> Markup:
    """Draw points; the horizontal axis is logarithmic where the values differ by a factor of 20 or more.

    Args:
        points: At least one.
        x_title: Title of the horizontal axis.
        y_title: Title of the vertical axis.
    """
    x_axis = _Axis.over(x_title, [each.x for each in points], may_be_log=True)
    y_axis = _Axis.over(y_title, [each.y for each in points])
    base = alt.Chart(alt.InlineData(values=_values(points, x_axis, y_axis))).encode(
        x=alt.X("x:Q", **x_axis.options()), color=alt.Color("role:N", scale=role_scale(), legend=None)
    )
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(y=alt.Y("y:Q", **y_axis.options()))
    texts = base.encode(y=alt.Y("label_y:Q", **y_axis.options()), text="name:N")
    on_left = texts.mark_text(align="right", dx=-GAP, **_TEXT).transform_filter(alt.datum.is_left)
    on_right = texts.mark_text(align="left", dx=GAP, **_TEXT).transform_filter(~alt.datum.is_left)
    told = "; ".join(f"{each.name} {each.x:.4g}, {each.y:.4f}" for each in points)
    chart = alt.layer(dots, on_left, on_right).properties(width=_WIDTH, height=_HEIGHT)
    return draw(chart, f"{x_title} and {y_title}: {told}")


def _values(points: Sequence[NamedPoint], x_axis: _Axis, y_axis: _Axis) -> list[dict[str, Any]]:
    pixels = [(_WIDTH * x_axis.share(each.x), _HEIGHT * (1 - y_axis.share(each.y))) for each in points]
    places = place_labels(pixels, [each.name for each in points], _WIDTH)
    heights = [y_axis.low + (y_axis.high - y_axis.low) * (1 - place.y / _HEIGHT) for place in places]
    return [
        asdict(point) | {"label_y": height, "is_left": place.is_left}
        for point, place, height in zip(points, places, heights, strict=True)
    ]
