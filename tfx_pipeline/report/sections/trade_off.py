"""Accuracy beside the share of the catalogue that is shown at all."""

from dataclasses import dataclass

from markupsafe import Markup

from tfx_pipeline.evaluation.table import Items
from tfx_pipeline.report.charts.labelled_scatter import NamedPoint, labelled_scatter
from tfx_pipeline.report.section import Section
from tfx_pipeline.report.window_view import HEADINGS, main_metric, measured_items, role_of
from tfx_pipeline.run_summary import RunSummary, WindowMetrics


@dataclass(frozen=True)
class TradeOff:
    """The trade-off on one window and one kind of items.

    Attributes:
        window: The window.
        heading: The kind of items.
        coverage: Name of the metric across.
        accuracy: Name of the metric upwards.
        points: One point a model.
        chart: All models.
    """

    window: WindowMetrics
    heading: str
    coverage: str
    accuracy: str
    points: list[NamedPoint]
    chart: Markup


def _trade_offs(run: RunSummary) -> list[TradeOff] | None:
    pairs = [(window, items) for window in run.windows for items in measured_items(window.table)]
    trade_offs = [_trade_off(window, items) for window, items in pairs]
    return [each for each in trade_offs if each is not None] or None


def _trade_off(window: WindowMetrics, items: Items) -> TradeOff | None:
    table = window.table
    coverage, accuracy = f"Coverage@{table.cutoffs[0]}", main_metric(table)
    points = [
        NamedPoint(row.model, x, y, role_of(row.model, window))
        for row in table.rows
        if row.items == items
        and (x := row.metrics.get(coverage)) is not None
        and (y := row.metrics.get(accuracy)) is not None
    ]
    if len(points) < 2:
        return None
    return TradeOff(window, HEADINGS[items], coverage, accuracy, points, labelled_scatter(points, coverage, accuracy))


SECTION = Section("trade-off", "Coverage and accuracy", "sections/trade_off.html.j2", _trade_offs)
