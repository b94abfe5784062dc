"""What all charts share: their look, and the step from a description to SVG."""

from io import StringIO
from typing import Literal

import altair as alt
from markupsafe import Markup

from tfx_pipeline.report.charts.inline_svg import inline_svg

Role = Literal["own", "blessed", "other"]
"""own: the model of the run. blessed: the one that was blessed last. other: a baseline."""

ROLE_COLOURS: dict[Role, str] = {"own": "var(--accent)", "blessed": "var(--second)", "other": "var(--muted)"}
"""The style sheet gives these variables one value for light pages and one for dark ones."""

WIDTH = 270
"""Width of the area of a chart, in pixels: two charts with their labels fit beside each other, one fits a phone."""

_AXIS = {
    "domain": False,
    "ticks": False,
    "gridColor": "var(--line)",
    "labelColor": "var(--text)",
    "titleColor": "var(--muted)",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "labelPadding": 6,
    "labelLimit": 190,
    "labelFlush": False,
    "labelSeparation": 8,
    "titlePadding": 8,
}


def draw(chart: alt.Chart | alt.LayerChart | alt.FacetChart, label: str) -> Markup:
    """Draw a chart in the colours of the page.

    Args:
        chart: The description; its colours are variables of the style sheet.
        label: What it shows, in words.
    """
    styled = (
        chart.configure(background="transparent", font="Arial, Liberation Sans, sans-serif", aria=False, padding=8)
        .configure_view(stroke=None)
        .configure_axis(**_AXIS)
        .configure_legend(title=None, orient="top", labelColor="var(--text)", labelFontSize=12)
    )
    file = StringIO()
    styled.save(file, format="svg")
    return inline_svg(file.getvalue(), label)


def role_scale() -> alt.Scale:
    """Colours by role."""
    return alt.Scale(domain=list(ROLE_COLOURS), range=list(ROLE_COLOURS.values()))
