"""The objective of a search's trials, and the best so far."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate

import altair as alt
from markupsafe import Markup

from tfx_pipeline.report.charts.draw import WIDTH, Role, draw, role_scale

_HEIGHT = 150
_MOST_LABELS = 10


@dataclass(frozen=True)
class TrialScore:
    """One dot.

    Attributes:
        trial: Number of the trial.
        score: Its objective.
        role: `own` for the trial that was taken, `blessed` for the configured values, `other` for the rest.
    """

    trial: int
    score: float
    role: Role


def search_scores(scores: Sequence[TrialScore], objective: str, about: str) -> Markup:
    """Draw trials in their order, with a line along the best so far.

    Args:
        scores: At least one, by number.
        objective: Title of the axis; more is better.
        about: Whose search it is, for the text alternative.
    """
    best = accumulate((each.score for each in scores), max)
    values = [asdict(each) | {"best": value} for each, value in zip(scores, best, strict=True)]
    told = [each.trial for each in scores][:: -(-len(scores) // _MOST_LABELS)]
    axis = alt.Axis(grid=False, labelAngle=0, values=told)
    base = alt.Chart(alt.InlineData(values=values)).encode(x=alt.X("trial:O", title="trial", axis=axis))
    scale = alt.Scale(zero=False)
    line = base.mark_line(color="var(--muted)", strokeWidth=1.5, interpolate="step-after").encode(
        y=alt.Y("best:Q", title=objective, scale=scale, axis=alt.Axis(tickCount=4))
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=alt.Y("score:Q", title=objective, scale=scale),
        color=alt.Color("role:N", scale=role_scale(), legend=None),
    )
    words = "; ".join(f"trial {each.trial} {each.score:.4f}" for each in scores)
    chart = alt.layer(line, dots).properties(width=WIDTH, height=_HEIGHT)
    return draw(chart, f"{objective} of the {about}: {words}")
