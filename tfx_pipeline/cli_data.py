"""The verbs of the command line that are about a shop's data."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import (
    DEMO_DIR,
    AsJson,
    ConfigFile,
    DataDir,
    DatasetName,
    OtherRunDir,
    RunDir,
    Verbose,
    settings,
)
from tfx_pipeline.verb import Verb


def add_data_verbs(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (check, schema, forget_user):
        app.command(cls=Verb)(verb)


def check(
    config: ConfigFile = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    run_dir: OtherRunDir = None,
    verbose: Verbose = False,
) -> None:
    """Read a shop's tables as a run would, and tell what is kept and what is not; nothing is trained."""
    from tfx_pipeline.check import check as check_data

    check_data(settings(config, dataset, data_dir, run_dir))


def schema(
    run_dir: RunDir = DEMO_DIR,
    accept: Annotated[bool, typer.Option("--accept", help="Freeze it: later runs are held to it.")] = False,
    verbose: Verbose = False,
) -> None:
    """Show the schema of the examples of the last run, and freeze it if asked to."""
    from tfx_pipeline.environment import prepare_environment
    from tfx_pipeline.schema import schema_verb

    prepare_environment()
    schema_verb(run_dir, accept)


def forget_user(
    user: Annotated[str, typer.Argument(help="Id of the user, as the shop writes it.")],
    run_dir: RunDir = DEMO_DIR,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Remove a user from the stored examples and logs of a run, and tell which models were trained with them."""
    from tfx_pipeline.environment import prepare_environment
    from tfx_pipeline.forgetting.forget_user import forget_user_verb

    prepare_environment()
    forget_user_verb(Path(run_dir), user, as_json)
