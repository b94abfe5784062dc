"""The verbs of the command line that are about the runs of a run directory."""

from typing import TYPE_CHECKING

import typer

from tfx_pipeline.cli_options import DEMO_DIR, AsJson, RunDir, Verbose
from tfx_pipeline.verb import Verb

if TYPE_CHECKING:
    from rich.table import Table

    from tfx_pipeline.run_history import PastRun


def add_run_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.command(cls=Verb)(runs)


def runs(run_dir: RunDir = DEMO_DIR, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """List the runs so far: when, how long, what was cached, how each ended, and how good its model was."""
    from rich.console import Console

    from tfx_pipeline.run_history import history_json, read_run_history

    history = read_run_history(run_dir)
    if as_json:
        typer.echo(history_json(history))
    else:
        Console().print(_table(history))


def _table(history: "tuple[PastRun, ...]") -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    shown = Table(box=SIMPLE_HEAD)
    for column in ("started (UTC)", "took", "run", "cached"):
        shown.add_column(column, no_wrap=True, justify="left" if column == "started (UTC)" else "right")
    shown.add_column("outcome")
    shown.add_column("metric", no_wrap=True)
    for run in history:
        shown.add_row(*_cells(run))
    return shown


def _cells(run: "PastRun") -> list[str]:
    from rich.markup import escape

    from tfx_pipeline.number_format import ABSENT, format_metric, format_seconds

    cached = sum(stage.cached for stage in run.stages)
    headline = run.headline
    pushed = "" if run.version is None else f", version {run.version}"
    return [
        f"{run.started:%Y-%m-%d %H:%M}",
        format_seconds(run.seconds),
        str(len(run.stages) - cached),
        str(cached),
        escape(run.outcome + pushed),
        ABSENT if headline is None else f"{headline.metric} {format_metric(headline.value)}",
    ]
