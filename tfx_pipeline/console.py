"""The summary of a run on the terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.answer_table import AnswerTable
from tfx_pipeline.data_summary import DataSummary
from tfx_pipeline.evaluation.table import EvaluationTable, Items
from tfx_pipeline.number_format import ABSENT, format_count, format_metric, format_number, format_seconds
from tfx_pipeline.run_summary import Gate, RunSummary, StageTime, TableCount, WindowMetrics

HEADINGS: dict[Items, str] = {"all": "all items", "new": "new items only"}
_PASSED, _FAILED = "[green]passed[/green]", "[bold red]failed[/bold red]"
_COUNT_WIDTH = 9


def print_summary(run: RunSummary, console: Console | None = None) -> None:
    """Print rows, data checks, times, metrics beside the baselines, gates, sample answers, and where everything is."""
    console = console or Console()
    for part in _parts(run):
        console.print(part)
        console.print()


def _parts(run: RunSummary) -> Iterator[RenderableType]:
    yield f"[bold]{escape(run.title)}[/bold]  {run.started:%Y-%m-%d %H:%M} UTC"
    yield row_table(run.tables)
    if run.data.remarks:
        yield "\n".join(map(escape, run.data.remarks))
    if _has_checks(run.data):
        yield _check_table(run.data)
    yield _stage_table(run.stages, run.seconds)
    for window in run.windows:
        for items in HEADINGS:
            yield _metric_table(window, items)
    yield _gate_table(run.gates)
    yield from map(_answer_table, run.answers)
    yield _places(run)


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for column in columns:
        is_right = column in right
        table.add_column(escape(column), justify="right" if is_right else "left", no_wrap=is_right)
    return table


def row_table(tables: tuple[TableCount, ...]) -> Table:
    """Where the rows of the shop's tables went."""
    numbers = ("read", "kept")
    shown = _table("Rows", "table", *numbers, right=numbers)
    for column in ("in quarantine", "left out by a rule"):
        shown.add_column(column, min_width=_COUNT_WIDTH)
    for table in tables:
        counts = map(format_count, (table.rows_read, table.rows_kept))
        shown.add_row(escape(table.name), *counts, _reasons(table.quarantined), _reasons(table.left_out))
    return shown


def _reasons(rows: Mapping[str, int]) -> str:
    """All rows, and below them the rows of each reason."""
    lines = (f"{reason}: {format_count(count)}" for reason, count in rows.items())
    return escape("\n".join([format_count(sum(rows.values())), *lines]))


def _has_checks(data: DataSummary) -> bool:
    return bool(data.audit or data.comparison.distances or data.comparison.not_measured)


def _check_table(data: DataSummary) -> Table:
    numbers = ("found", "allowed")
    shown = _table("Data checks", "check", *numbers, "verdict", right=numbers)
    for check in data.audit:
        found = f"{format_count(check.violations)} of {format_count(check.checked)}"
        shown.add_row(escape(f"leakage: {check.name}"), found, "0", _FAILED if check.violations else _PASSED)
    shown.add_section()
    for distance in data.distances:
        name = f"{distance.kind} of {distance.feature}, {distance.measure}"
        verdict = "[bold red]above[/bold red]" if distance.exceeded else _PASSED
        shown.add_row(escape(name), format_metric(distance.distance), format_number(distance.threshold), verdict)
    for missing in data.comparison.not_measured:
        name = f"{missing.kind} of {missing.feature}, {missing.measure}"
        shown.add_row(escape(name), ABSENT, ABSENT, escape(f"not measured: {missing.reason}"))
    return shown


def _stage_table(stages: tuple[StageTime, ...], total: float) -> Table:
    shown = _table("Wall time", "stage", "time", right=("time",))
    for stage in stages:
        shown.add_row(escape(stage.name) + (" (cached)" if stage.cached else ""), format_seconds(stage.seconds))
    shown.add_section()
    shown.add_row("[bold]all[/bold]", f"[bold]{format_seconds(total)}[/bold]")
    return shown


def _metric_table(window: WindowMetrics, items: Items) -> Table:
    table = window.table
    title = f"Metrics, {window.name} window, {HEADINGS[items]}, {format_count(table.users(items))} users"
    metrics = table.headline_metrics
    shown = _table(title, "model", *metrics, right=tuple(metrics))
    for model in table.models:
        shown.add_row(escape(model), *(_metric_cell(table, model, items, metric) for metric in metrics))
    return shown


def _metric_cell(table: EvaluationTable, model: str, items: Items, metric: str) -> str:
    value = table.row(model, items).metrics[metric]
    is_best = value is not None and value == table.best(items, metric)
    return f"[bold green]{format_metric(value)}[/bold green]" if is_best else format_metric(value)


def _gate_table(gates: tuple[Gate, ...]) -> Table:
    shown = _table("Gates", "gate", "verdict", "reason")
    for gate in gates:
        shown.add_row(escape(gate.name), _PASSED if gate.passed else _FAILED, escape(gate.reason))
    return shown


def _answer_table(answer: AnswerTable) -> Table:
    numbers = ("score", "propensity")
    shown = _table(answer.question, "title", "item", *numbers, "source", right=numbers)
    for item in answer.answers:
        values = (format_metric(item.score), format_metric(item.propensity))
        shown.add_row(escape(item.title or ABSENT), escape(item.item_id), *values, escape(item.source))
    return shown


def _places(run: RunSummary) -> Table:
    model = "not pushed" if run.model_path is None else f"{run.model_path} (version {run.model_version})"
    shown = Table.grid(padding=(0, 2))
    for figure in run.figures:
        shown.add_row(escape(figure.name), f"{format_number(figure.value)} {escape(figure.unit)}")
    places = {"model": model, "report": run.report_path, "logs": run.logs_path, "quarantine": run.data.quarantine_path}
    for name, place in places.items():
        if place is not None:
            shown.add_row(name, escape(place))
    return shown
