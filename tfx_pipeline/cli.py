"""The command line `shoprank`.

Verbs import what they need themselves: TensorFlow and TFX take seconds, and `--help` needs neither.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfx_pipeline.cli_compile import add_compile_verb
from tfx_pipeline.cli_data import add_data_verbs
from tfx_pipeline.cli_evaluate import add_evaluate_verbs
from tfx_pipeline.cli_feedback import add_feedback_verbs
from tfx_pipeline.cli_options import (
    DEMO_DIR,
    ConfigFile,
    DataDir,
    DatasetName,
    OtherRunDir,
    RunDir,
    Verbose,
    settings,
)
from tfx_pipeline.cli_profile import add_profile_verbs
from tfx_pipeline.cli_questions import add_question_verbs
from tfx_pipeline.cli_refresh import add_refresh_verb
from tfx_pipeline.cli_report import add_report_verbs
from tfx_pipeline.cli_runs import add_run_verbs
from tfx_pipeline.cli_serve import add_serve_verb
from tfx_pipeline.cli_versions import add_version_verbs
from tfx_pipeline.verb import Verb

if TYPE_CHECKING:
    from tfx_pipeline.run_summary import RunSummary

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def shoprank(verbose: Verbose = False) -> None:
    """A shop's logs in, one SavedModel out that searches, recommends and explores."""


@app.command(cls=Verb)
def demo(run_dir: RunDir = DEMO_DIR, verbose: Verbose = False) -> None:
    """Train, evaluate, push and query a shop on the data that comes with the set-up."""
    from tfx_pipeline.demo import demo as run_demo

    _conclude(run_demo(run_dir), run_dir)


@app.command(cls=Verb)
def run(
    config: ConfigFile = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    run_dir: OtherRunDir = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, and run again whenever there are new data.")] = False,
    every: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds between two looks of --watch at the data; 60 by default.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Train, evaluate and push a model for your own shop, or for a public data set."""
    if every is not None and not watch:
        raise typer.BadParameter("--every goes with --watch")
    if watch:
        from tfx_pipeline.watch_verb import run_arguments, watch_verb

        options = {"config": config, "dataset": dataset, "data-dir": data_dir, "run-dir": run_dir}
        watch_verb(lambda: settings(config, dataset, data_dir, run_dir), run_arguments(options), every)
        return
    chosen = settings(config, dataset, data_dir, run_dir)
    from tfx_pipeline.run import run as run_pipeline

    _conclude(run_pipeline(chosen, dataset or "shoprank"), chosen.run_dir)


@app.command(cls=Verb)
def benchmark(
    name: Annotated[
        str,
        typer.Argument(
            help="What to measure: ingest, evaluate, quality, train, text, ranker, bandit, index, serve, export, "
            "privacy, attributes or automation."
        ),
    ],
    data_dir: Annotated[Path, typer.Option(help="Where real data lies.")] = Path("../shared/data"),
    json_file: Annotated[Path | None, typer.Option("--json", help="File that gets the figures as JSON.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a figure misses its target.")] = False,
    verbose: Verbose = False,
) -> None:
    """Measure, each figure beside a target or a peer in the same run."""
    from tfx_pipeline.benchmarks.verb import benchmark_verb

    benchmark_verb(name, data_dir, json_file, check)


def _conclude(summary: "RunSummary", run_dir: Path) -> None:
    """Print what a run did; raise a `PipelineError` if its model was not blessed."""
    from tfx_pipeline.console import print_summary
    from tfx_pipeline.errors import PipelineError
    from tfx_pipeline.operations.pinned import tell_if_pinned

    print_summary(summary)
    if not summary.blessed:
        failed = "; ".join(f"{gate.name} ({gate.reason})" for gate in summary.gates if not gate.passed)
        raise PipelineError(f"the model is not blessed and was not pushed: {failed or 'the run reached no gate'}")
    tell_if_pinned(run_dir)


for add_verbs in (
    add_serve_verb,
    add_question_verbs,
    add_profile_verbs,
    add_version_verbs,
    add_data_verbs,
    add_evaluate_verbs,
    add_report_verbs,
    add_run_verbs,
    add_refresh_verb,
    add_compile_verb,
    add_feedback_verbs,
):
    add_verbs(app)


def main() -> None:
    """Run the command line and end the process."""
    code: str | int | None = 0
    try:
        app(prog_name="shoprank")
    except SystemExit as stop:
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    if "tensorflow" in sys.modules:
        # When Python takes TensorFlow 2.16 apart at exit, each function of a model prints a trace; the work is done.
        os._exit(code if isinstance(code, int) else 1)
    sys.exit(code)


if __name__ == "__main__":
    main()
