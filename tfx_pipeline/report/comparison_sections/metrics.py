"""The metrics of both runs side by side, with their differences."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.evaluation.table import EvaluationRow, Items
from tfx_pipeline.report.charts.dot_intervals import Estimate, dot_intervals
from tfx_pipeline.report.run_pair import RunPair
from tfx_pipeline.report.section import Section
from tfx_pipeline.report.window_view import HEADINGS, headline_metrics, main_metric, measured_items, own_model
from tfx_pipeline.run_summary import WindowMetrics

Interval = tuple[float, float]


@dataclass(frozen=True)
class MetricPair:
    """One metric of one model in both runs.

    Attributes:
        heading: The kind of items.
        model: Name of the model, or of both where the runs call their own ones differently.
        metric: The metric.
        first: Its value in the first run, with its interval.
        second: Its value in the second run, with its interval.
    """

    heading: str
    model: str
    metric: str
    first: tuple[float | None, Interval | None]
    second: tuple[float | None, Interval | None]

    @property
    def difference(self) -> float | None:
        """The second value less the first; None unless there are both."""
        first, second = self.first[0], self.second[0]
        return None if first is None or second is None else second - first

    @property
    def intervals_overlap(self) -> bool | None:
        """Whether some value lies in both intervals; None unless there are both."""
        first, second = self.first[1], self.second[1]
        return None if first is None or second is None else first[0] <= second[1] and second[0] <= first[1]


@dataclass(frozen=True)
class ComparedWindow:
    """One window in both runs.

    Attributes:
        first: The window of the first run.
        second: The window of the second run.
        is_same: Whether both measured as many users over the same time.
        main: The headline metrics of the runs' own models.
        others: All other metrics that both have, and those of the other models.
        charts: Caption -> the main metric of the runs' own models.
    """

    first: WindowMetrics
    second: WindowMetrics
    is_same: bool
    main: list[MetricPair]
    others: list[MetricPair]
    charts: dict[str, Markup]


def _windows(pair: RunPair) -> list[ComparedWindow] | None:
    windows = [(first, second) for first, second in pair.windows if first.table.rows and second.table.rows]
    return [_compared(first, second) for first, second in windows] or None


def _compared(first: WindowMetrics, second: WindowMetrics) -> ComparedWindow:
    own = _own_name(first, second)
    headline = headline_metrics(first.table)
    pairs = list(_pairs(first, second))
    main = [each for each in pairs if each.model == own and each.metric in headline]
    charts = [each for each in main if each.metric == main_metric(first.table)]
    return ComparedWindow(
        first,
        second,
        is_same=_population(first) == _population(second),
        main=main,
        others=[each for each in pairs if each not in main],
        charts={
            f"{each.metric}, {each.heading.lower()}": _chart(each, first.name) for each in charts if _has_both(each)
        },
    )


def _own_name(first: WindowMetrics, second: WindowMetrics) -> str:
    """The runs' own models, by one name if they share it."""
    return " / ".join(dict.fromkeys((own_model(first.table), own_model(second.table))))


def _population(window: WindowMetrics) -> tuple[object, ...]:
    return (window.start, window.end, *(window.table.users(items) for items in HEADINGS))


def _pairs(first: WindowMetrics, second: WindowMetrics) -> Iterator[MetricPair]:
    own, own_second = own_model(first.table), own_model(second.table)
    shared = [model for model in first.table.models if model != own and model in second.table.models]
    for items in measured_items(first.table):
        if items not in measured_items(second.table):
            continue
        yield from _metric_pairs(
            items, _own_name(first, second), first.table.row(own, items), second.table.row(own_second, items)
        )
        for model in shared:
            yield from _metric_pairs(items, model, first.table.row(model, items), second.table.row(model, items))


def _metric_pairs(items: Items, model: str, first: EvaluationRow, second: EvaluationRow) -> Iterator[MetricPair]:
    for metric in first.metrics:
        if metric in second.metrics:
            values = [(row.metrics[metric], row.intervals.get(metric)) for row in (first, second)]
            yield MetricPair(HEADINGS[items], model, metric, *values)


def _has_both(pair: MetricPair) -> bool:
    return pair.difference is not None


def _chart(pair: MetricPair, window: str) -> Markup:
    named = (("first run", pair.first), ("second run", pair.second))
    estimates = [
        Estimate(label, value, interval, "own" if label == "second run" else "other")
        for label, (value, interval) in named
        if value is not None
    ]
    return dot_intervals(estimates, pair.metric, f"{pair.heading.lower()}, {window} window")


SECTION = Section("metrics", "Metrics", "comparison/metrics.html.j2", _windows)
