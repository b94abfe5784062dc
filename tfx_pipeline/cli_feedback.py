"""The verbs of the command line that are about the feedback log: `shoprank feedback ...`."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import DEMO_DIR, AsJson, RunDir, Verbose
from tfx_pipeline.verb import Verb

LogDir = Annotated[
    Path | None, typer.Option("--log", help="Folder of the feedback log; by default `feedback` in the run directory.")
]

DelayMinutes = Annotated[
    float, typer.Option(min=0, help="How long an event may take into the log; a slate waits as long for its last ones.")
]

feedback = typer.Typer(no_args_is_help=True, help="Learn from what was shown and what came of it, without training.")


def add_feedback_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(feedback, name="feedback")


@feedback.command(cls=Verb)
def update(
    run_dir: RunDir = DEMO_DIR, log: LogDir = None, delay_minutes: DelayMinutes = 1, verbose: Verbose = False
) -> None:
    """Fold what is new in the log into the posterior and write the next version; twice is as good as once."""
    from tfx_pipeline.feedback.printing import print_update
    from tfx_pipeline.feedback.update import update_from_feedback
    from tfx_pipeline.operations.pinned import tell_if_pinned

    print_update(update_from_feedback(run_dir, log, delay_seconds=round(60 * delay_minutes)))
    tell_if_pinned(run_dir)


@feedback.command(cls=Verb)
def undo(run_dir: RunDir = DEMO_DIR, verbose: Verbose = False) -> None:
    """Write a version with the posterior from before the last update."""
    from tfx_pipeline.feedback.printing import print_undo
    from tfx_pipeline.feedback.undo import undo_feedback
    from tfx_pipeline.operations.pinned import tell_if_pinned

    print_undo(undo_feedback(run_dir))
    tell_if_pinned(run_dir)


@feedback.command(cls=Verb)
def status(
    run_dir: RunDir = DEMO_DIR,
    log: LogDir = None,
    delay_minutes: DelayMinutes = 1,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Count slates and outcomes of the log: learned from, waiting, too young, late, duplicate."""
    from tfx_pipeline.feedback.printing import print_status, status_json
    from tfx_pipeline.feedback.status import feedback_status

    counted = feedback_status(run_dir, log, delay_seconds=round(60 * delay_minutes))
    if as_json:
        typer.echo(status_json(counted))
    else:
        print_status(counted)


@feedback.command(cls=Verb)
def export(
    obp: Annotated[Path, typer.Option("--obp", help="Folder that Open Bandit Pipeline is to read.")],
    run_dir: RunDir = DEMO_DIR,
    log: LogDir = None,
    verbose: Verbose = False,
) -> None:
    """Write the log, joined with its outcomes, in the files that Open Bandit Pipeline reads."""
    from tfx_pipeline.feedback.run_export import export_run_log

    typer.echo(export_run_log(run_dir, obp, log))
