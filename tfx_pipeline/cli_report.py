"""The verbs that show what runs did: `report` and `compare`."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import DEMO_DIR, RunDir, Verbose
from tfx_pipeline.verb import Verb


def add_report_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (report, compare):
        app.command(cls=Verb)(verb)


def report(run_dir: RunDir = DEMO_DIR, verbose: Verbose = False) -> None:
    """Print what a run did, and where its report is."""
    from tfx_pipeline.console import print_summary
    from tfx_pipeline.run_directory import METRICS_FILE, REPORT_FILE
    from tfx_pipeline.run_summary import load_run_summary

    print_summary(load_run_summary(run_dir / METRICS_FILE))
    typer.echo(run_dir / REPORT_FILE)


def compare(
    first: Annotated[Path, typer.Argument(help="Directory of a run.")],
    second: Annotated[Path, typer.Argument(help="Directory of the run to compare it with.")],
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("comparison.html"),
    verbose: Verbose = False,
) -> None:
    """Write a report that puts two runs side by side."""
    from tfx_pipeline.report.comparison import write_comparison
    from tfx_pipeline.run_directory import METRICS_FILE
    from tfx_pipeline.run_summary import load_run_summary

    runs = [load_run_summary(run_dir / METRICS_FILE) for run_dir in (first, second)]
    write_comparison(runs[0], runs[1], output)
    typer.echo(output)
