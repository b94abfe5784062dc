"""The metrics of the model in slices of the users and the items."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.evaluation.slice_scores import SliceScore
from tfx_pipeline.evaluation.table import Items
from tfx_pipeline.report.charts.dot_intervals import Estimate, dot_intervals
from tfx_pipeline.report.charts.draw import Role
from tfx_pipeline.report.section import Section
from tfx_pipeline.report.window_view import HEADINGS, headline_metrics, main_metric, role_of
from tfx_pipeline.run_summary import RunSummary, WindowMetrics


@dataclass(frozen=True)
class DimensionSection:
    """One way to divide the users or the items.

    Attributes:
        name: What it divides by.
        scores: The slices, in their order, model by model.
        charts: Caption -> the main metric by slice, for each kind of items.
    """

    name: str
    scores: list[SliceScore]
    charts: dict[str, Markup]


@dataclass(frozen=True)
class SlicedWindow:
    """The slices of one window.

    Attributes:
        window: The window.
        metrics: Metrics of the tables.
        has_several_models: Whether more than one model was sliced.
        dimensions: The slices by what they divide by.
    """

    window: WindowMetrics
    metrics: list[str]
    has_several_models: bool
    dimensions: list[DimensionSection]


def _sliced_windows(run: RunSummary) -> list[SlicedWindow] | None:
    # The slices of the gates' window would double the page; metrics.json has them.
    return [_sliced_window(window) for window in run.windows if window.slices][-1:] or None


def _sliced_window(window: WindowMetrics) -> SlicedWindow:
    names = dict.fromkeys(score.dimension for score in window.slices)
    measured = set(window.slices[0].metrics)
    return SlicedWindow(
        window,
        metrics=[metric for metric in headline_metrics(window.table) if metric in measured],
        has_several_models=len({score.model for score in window.slices}) > 1,
        dimensions=[_dimension(window, name) for name in names],
    )


def _dimension(window: WindowMetrics, name: str) -> DimensionSection:
    scores = [score for score in window.slices if score.dimension == name]
    parts = {items: [score for score in scores if score.items == items] for items in HEADINGS}
    charts = {HEADINGS[items]: _chart(window, name, items, part) for items, part in parts.items()}
    return DimensionSection(name, scores, {caption: chart for caption, chart in charts.items() if chart is not None})


def _chart(window: WindowMetrics, dimension: str, items: Items, scores: Sequence[SliceScore]) -> Markup | None:
    metric = main_metric(window.table)
    estimates = [
        Estimate(score.label, value, score.intervals.get(metric), _role(score, window))
        for score in scores
        # Two models in one row of dots could not be told apart; the table below has them all.
        if score.model == window.table.models[0] and (value := score.metrics.get(metric)) is not None
    ]
    about = f"by {dimension}, {HEADINGS[items].lower()}, {window.name} window"
    return dot_intervals(estimates, metric, about) if estimates else None


def _role(score: SliceScore, window: WindowMetrics) -> Role:
    """A slice that is too small looks like a baseline: nothing to read much into."""
    return "other" if score.too_small else role_of(score.model, window)


SECTION = Section("slices", "Slices", "sections/slices.html.j2", _sliced_windows)
