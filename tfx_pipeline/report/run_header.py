"""The top of a run's report: the verdict and the figures that say most."""

from dataclasses import dataclass

from tfx_pipeline.number_format import format_count, format_metric, format_number, format_seconds
from tfx_pipeline.report.window_view import main_metric, own_model
from tfx_pipeline.run_summary import RunSummary, WindowMetrics


@dataclass(frozen=True)
class Tile:
    """A figure, what it is, and a remark that may be empty."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class RunHeader:
    """What a reader sees first.

    Attributes:
        was_pushed: The verdict.
        verdict: The rest of it, in words.
        tiles: Figures.
    """

    was_pushed: bool
    verdict: str
    tiles: list[Tile]


def run_header(run: RunSummary) -> RunHeader:
    """The verdict, the main metric of each window, the rows, the time and the measured figures."""
    metrics = [tile for window in run.windows if (tile := _metric_tile(window)) is not None]
    counts = {
        "Rows read": sum(table.rows_read for table in run.tables),
        "Rows in quarantine": sum(table.rows_quarantined for table in run.tables),
        "Rows left out by a rule": sum(table.rows_left_out for table in run.tables),
    }
    tiles = [
        *metrics,
        *(Tile(name, format_count(count)) for name, count in counts.items()),
        Tile("Wall time", format_seconds(run.seconds)),
        *(Tile(figure.name, f"{format_number(figure.value)} {figure.unit}") for figure in run.figures),
    ]
    return RunHeader(run.model_version is not None, _verdict(run), tiles)


def _verdict(run: RunSummary) -> str:
    if run.model_version is not None:
        return f"Version {run.model_version}"
    if not run.windows:
        reason = "The run ended before its evaluation"
    elif not run.gates:
        reason = "No gate was reached"
    else:
        reason = "The push did not happen" if run.blessed else "A gate failed"
    return f"{reason}: what was served before stays."


def _metric_tile(window: WindowMetrics) -> Tile | None:
    table, metric = window.table, main_metric(window.table)
    if not table.users("all"):
        return None
    values = {model: value for model in table.models if (value := table.row(model, "all").metrics[metric]) is not None}
    own = own_model(table)
    others = {model: value for model, value in values.items() if model != own}
    best = max(others, key=others.__getitem__, default=None)
    remark = "" if best is None else f"best other: {best} {format_metric(others[best])}"
    return Tile(f"{metric}, all items, {window.name}", format_metric(values.get(own)), remark)
