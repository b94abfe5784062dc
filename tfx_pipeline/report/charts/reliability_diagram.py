"""Observed shares over predicted probabilities: on the diagonal, a probability means what it says."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
from markupsafe import Markup

from tfx_pipeline.evaluation.probabilities import ReliabilityBin
from tfx_pipeline.report.charts.draw import WIDTH, draw

_MARGIN = 1.05


def reliability_diagram(bins: Sequence[ReliabilityBin], objective: str) -> Markup:
    """Draw a reliability diagram (DeGroot and Fienberg, "The comparison and evaluation of forecasters", 1983).

    Args:
        bins: At least one.
        objective: What is predicted.
    """
    values: list[dict[str, Any]] = [asdict(each) for each in bins]
    end = min(1.0, _MARGIN * max(max(each.predicted, each.high) for each in bins))
    scale = alt.Scale(domain=[0, end], nice=False)
    x = alt.X("predicted:Q", title="predicted probability", scale=scale, axis=alt.Axis(tickCount=5))
    y_axis = alt.Axis(tickCount=5)
    base = alt.Chart(alt.InlineData(values=values)).encode(x=x)
    diagonal = (
        alt.Chart(alt.InlineData(values=[{"predicted": 0.0, "observed": 0.0}, {"predicted": end, "observed": end}]))
        .mark_line(color="var(--muted)", strokeDash=[4, 4], strokeWidth=1)
        .encode(x=x, y=alt.Y("observed:Q", title="observed share", scale=scale, axis=y_axis))
    )
    lines = base.mark_rule(color="var(--accent)", strokeWidth=2.5, opacity=0.5).encode(
        y=alt.Y("low:Q", scale=scale, axis=y_axis), y2="high:Q"
    )
    dots = base.mark_point(color="var(--accent)", filled=True, size=50, opacity=1).encode(y="observed:Q")
    return draw((diagonal + lines + dots).properties(width=WIDTH, height=WIDTH), _in_words(bins, objective))


def _in_words(bins: Sequence[ReliabilityBin], objective: str) -> str:
    told = (f"predicted {each.predicted:.4f}, observed {each.observed:.4f}" for each in bins)
    return f"Reliability diagram of {objective}: {'; '.join(told)}"
