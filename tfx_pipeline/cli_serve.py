"""The verb of the command line that serves a run."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import DEMO_DIR, PORT, RunDir, Verbose
from tfx_pipeline.verb import Verb


def add_serve_verb(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command(cls=Verb)(serve)


def serve(
    run_dir: RunDir = DEMO_DIR,
    port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port; 0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    rest_port: Annotated[int, typer.Option(min=0, max=65535, help="REST port; 0 offers no REST.")] = 0,
    batching: Annotated[bool, typer.Option("--batching", help="Join concurrent requests.")] = False,
    batching_file: Annotated[
        Path | None, typer.Option(help="BatchingParameters in text form, as TensorFlow Serving reads them.")
    ] = None,
    monitoring_file: Annotated[Path | None, typer.Option(help="MonitoringConfig in text form: Prometheus.")] = None,
    ssl_file: Annotated[Path | None, typer.Option(help="SSLConfig in text form: encryption.")] = None,
    verbose: Verbose = False,
) -> None:
    """Serve the model of a run over gRPC until Ctrl-C."""
    from tfx_pipeline.serve import serve as serve_run

    serve_run(run_dir, host, port, rest_port, batching, batching_file, monitoring_file, ssl_file)
