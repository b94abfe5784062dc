"""The verb of the command line that compiles the pipeline for an orchestrator of other machines."""

from pathlib import Path
from typing import Annotated

import typer

from tfx_pipeline.cli_options import ConfigFile, DataDir, DatasetName, OtherRunDir, Verbose, settings
from tfx_pipeline.verb import Verb


def add_compile_verb(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("compile", cls=Verb)(compile_verb)


def compile_verb(
    config: ConfigFile = None,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    run_dir: OtherRunDir = None,
    output: Annotated[
        Path, typer.Option(help="Gets the pipeline: .json for Vertex AI, .yaml for Kubeflow Pipelines.")
    ] = Path("pipeline.json"),
    image: Annotated[str, typer.Option(help="Container image that the stages run in.")] = "shoprank-pipeline",
    pipeline_root: Annotated[
        str | None, typer.Option(help="Takes the place of run_dir for the stages, such as gs://bucket/shop.")
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Compile the pipeline for Vertex AI or Kubeflow Pipelines, and check the file."""
    chosen = settings(config, dataset, data_dir, run_dir)
    from tfx_pipeline.orchestrators.compile_pipeline import compile_pipeline

    compiled = compile_pipeline(chosen, output, image, pipeline_root)
    typer.echo(f"{compiled.path}: {len(compiled.stages)} stages, each of them in the file")
    typer.echo(f"image: {compiled.image}")
    typer.echo(f"pipeline root: {compiled.root}")
    typer.echo(f"Beam options: {' '.join(compiled.beam_options)}")
    if compiled.uploaded:
        typer.echo(f"copied to {pipeline_root}: {', '.join(compiled.uploaded)}")
