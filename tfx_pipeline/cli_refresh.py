"""The verb of the command line that brings new items into a served model."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import DEMO_DIR, RunDir, Verbose
from tfx_pipeline.verb import Verb


def add_refresh_verb(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(cls=Verb)(refresh_index)


def refresh_index(
    items: Annotated[Path, typer.Option(help="File of new and changed items, with the columns of the items table.")],
    run_dir: RunDir = DEMO_DIR,
    verbose: Verbose = False,
) -> None:
    """Bring new and changed items into the model that is served, without training."""
    from tfx_pipeline.operations.pinned import tell_if_pinned
    from tfx_pipeline.refresh_index import print_refresh
    from tfx_pipeline.refresh_index import refresh_index as refresh

    print_refresh(refresh(items, run_dir))
    tell_if_pinned(run_dir)
