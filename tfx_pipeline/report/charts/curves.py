"""A metric epoch by epoch, for the training and the validation examples."""

from collections.abc import Mapping, Sequence

import altair as alt
from markupsafe import Markup

from tfx_pipeline.report.charts.draw import WIDTH, draw

_HEIGHT = 150
_MOST_LABELS = 10
_COLOURS = {"training": "var(--muted)", "validation": "var(--accent)"}


def curves(lines: Mapping[str, Sequence[float]], metric: str, about: str) -> Markup:
    """Draw a metric over the epochs.

    Args:
        lines: `training` and `validation`, or one of them -> value after each epoch.
        metric: Title of the axis.
        about: Whose curve it is, for the text alternative.
    """
    values = [
        {"line": line, "epoch": epoch, "value": value}
        for line, points in lines.items()
        for epoch, value in enumerate(points, start=1)
    ]
    epochs = max(map(len, lines.values()))
    chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(filled=True, size=36, opacity=1))
        .encode(
            x=alt.X("epoch:O", title="epoch", axis=alt.Axis(grid=False, labelAngle=0, values=_told_epochs(epochs))),
            y=alt.Y("value:Q", title=metric, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4)),
            color=alt.Color("line:N", scale=alt.Scale(domain=list(lines), range=[_COLOURS[line] for line in lines])),
        )
        .properties(width=WIDTH, height=_HEIGHT)
    )
    return draw(chart, _in_words(lines, metric, about))


def _told_epochs(epochs: int) -> list[int]:
    """At most about ten of the epochs, evenly spaced."""
    return list(range(1, epochs + 1, -(-epochs // _MOST_LABELS)))


def _in_words(lines: Mapping[str, Sequence[float]], metric: str, about: str) -> str:
    told = (
        f"{line} {points[0]:.4g} after the first epoch, {points[-1]:.4g} after the last of {len(points)}"
        for line, points in lines.items()
    )
    return f"{metric} of {about}: {'; '.join(told)}"
