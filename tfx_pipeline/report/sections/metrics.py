"""The metrics of the model beside the baselines and the model that was blessed last."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.evaluation.paired_tests import PairedTest
from tfx_pipeline.evaluation.table import EvaluationTable, Items
from tfx_pipeline.report.charts.dot_intervals import Estimate, dot_intervals
from tfx_pipeline.report.section import Section
from tfx_pipeline.report.window_view import HEADINGS, headline_metrics, main_metric, measured_items, role_of
from tfx_pipeline.run_summary import RunSummary, WindowMetrics

MAXIMISED = ("HR", "Recall", "NDCG", "MRR", "Precision", "MAP", "F1")
"""Metrics of which more is always better; of the others the best is not marked."""


@dataclass(frozen=True)
class WindowSection:
    """One window as it is shown.

    Attributes:
        window: The window.
        headline: Metrics of the main table.
        headings: Kinds of items, each with its heading.
        roles: Model -> whose row it is.
        charts: Caption -> the main metric of all models, for each kind of items.
        first_tests: Paired tests by the main metric.
        other_tests: The other paired tests.
        best: (kind of items, metric) -> the best value; only for metrics of which more is better.
    """

    window: WindowMetrics
    headline: list[str]
    headings: dict[Items, str]
    roles: dict[str, str]
    charts: dict[str, Markup]
    first_tests: list[PairedTest]
    other_tests: list[PairedTest]
    best: dict[tuple[Items, str], float | None]


def _windows(run: RunSummary) -> list[WindowSection] | None:
    return [_window_section(window) for window in run.windows if window.table.rows] or None


def _window_section(window: WindowMetrics) -> WindowSection:
    table, main = window.table, main_metric(window.table)
    return WindowSection(
        window=window,
        headline=headline_metrics(table),
        headings={items: HEADINGS[items] for items in measured_items(table)},
        roles={model: role_of(model, window) for model in table.models},
        charts={f"{main}, {HEADINGS[items].lower()}": _chart(window, items) for items in measured_items(table)},
        first_tests=[test for test in window.tests if test.metric == main],
        other_tests=[test for test in window.tests if test.metric != main],
        best=dict(_best(table)),
    )


def _best(table: EvaluationTable) -> Iterator[tuple[tuple[Items, str], float | None]]:
    for items in HEADINGS:
        for metric in table.metrics:
            if metric.partition("@")[0] in MAXIMISED:
                yield (items, metric), table.best(items, metric)


def _chart(window: WindowMetrics, items: Items) -> Markup:
    metric = main_metric(window.table)
    rows = [window.table.row(model, items) for model in window.table.models]
    estimates = [
        Estimate(row.model, value, row.intervals.get(metric), role_of(row.model, window))
        for row in rows
        if (value := row.metrics[metric]) is not None
    ]
    about = f"{HEADINGS[items].lower()}, {window.name} window"
    return dot_intervals(estimates, metric, about)


SECTION = Section("metrics", "Metrics", "sections/metrics.html.j2", _windows)
