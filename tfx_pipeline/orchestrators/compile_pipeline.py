"""The verb `shoprank compile`: the pipeline of a configuration as one file for Vertex AI or Kubeflow Pipelines."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from tfx_pipeline.config import Config
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.orchestrators.beam_options import require_beam_options
from tfx_pipeline.orchestrators.compiled_pipeline import check_compiled
from tfx_pipeline.orchestrators.remote_root import check_reachable, move_to_store, upload_kept
from tfx_pipeline.orchestrators.run_folder import ARTIFACTS, FOLDER
from tfx_pipeline.remote_files import is_remote, join
from tfx_pipeline.runners import compile_for_kubeflow
from tfx_pipeline.write_aside import write_aside

IMAGE = "shoprank-pipeline"
"""Name of the image where none is given, as the container file's first lines build it."""

STAGE = ("python", "-m", "tfx_pipeline.orchestrators.run_stage")


@dataclass(frozen=True)
class CompiledPipeline:
    """What was compiled.

    Attributes:
        path: The file.
        stages: Names of the stages, in an order in which they can run.
        image: Container image of all of them.
        root: Where their artifacts go.
        beam_options: Options of their Beam steps.
        uploaded: What was copied from the run directory into the store.
    """

    path: Path
    stages: tuple[str, ...]
    image: str
    root: str
    beam_options: tuple[str, ...]
    uploaded: tuple[str, ...]


def compile_pipeline(
    config: Config, output: Path, image: str = IMAGE, store: str | None = None, data_hash: str | None = None
) -> CompiledPipeline:
    """Compile the pipeline of a configuration and check the file against the local DAG.

    Args:
        config: The run.
        output: The file: `.json` for a job (Vertex AI), `.yaml` for the pipeline alone (Kubeflow Pipelines).
        image: Container image of all stages.
        store: What takes the place of `run_dir`, such as `gs://bucket/shop`; by default `run_dir`, for a disk that all
            stages see under the same path.
        data_hash: `fingerprint` of the data, where the caller has read them already.

    Returns:
        What was compiled.

    Raises:
        PipelineError: The file's ending is another, kfp-pipeline-spec is not installed, the stages could not read the
            data, or the compiled pipeline is not the local one.
        DataError: A source file cannot be read.
    """
    _check_call(output)
    if store is not None and not is_remote(store):
        raise PipelineError(f"--pipeline-root: {store} is no address of a store such as gs://bucket/shop")
    require_beam_options(config.beam_options)
    if store is not None:
        check_reachable(config)
    prepare_environment()
    # Here, because importing TFX takes a quarter of a minute.
    from tfx_pipeline.pipeline import create_pipeline

    dag, command, root = create_pipeline(config, data_hash), list(STAGE), join(str(config.run_dir), ARTIFACTS)
    if store is not None:
        store = store.rstrip("/")
        move_to_store(dag, config, store)
        command += [f"--run_root={store}", f"--run_folder={FOLDER}"]
        root = join(store, ARTIFACTS)
    job = compile_for_kubeflow(dag, image, command)
    job["pipelineSpec"]["defaultPipelineRoot"] = root
    # Before there is a file to submit: without the users to forget, a run would learn from them again.
    uploaded = tuple(upload_kept(config, store)) if store is not None else ()
    _write(job, output)
    check_compiled(_read(output), dag, image, root, command)
    stages = tuple(node.id for node in dag.components)
    return CompiledPipeline(output, stages, image, root, tuple(dag.beam_pipeline_args), uploaded)


def _check_call(output: Path) -> None:
    if output.suffix not in (".json", ".yaml", ".yml"):
        raise PipelineError(f"{output}: the compiled pipeline ends in .json (Vertex AI) or .yaml (Kubeflow Pipelines)")
    if find_spec("kfp") is None:
        raise PipelineError("kfp-pipeline-spec is not installed; the extra [kubeflow] of shoprank has it")


def _write(job: dict[str, Any], output: Path) -> None:
    with write_aside(output) as aside, aside.open("w", encoding="utf-8") as file:
        if output.suffix == ".json":
            json.dump(job, file, indent=1, sort_keys=True)
        else:
            yaml.safe_dump(job["pipelineSpec"], file, sort_keys=True)


def _read(output: Path) -> dict[str, Any]:
    """The pipeline of a file as it was written: what is checked is what will be submitted."""
    text = output.read_text(encoding="utf-8")
    if output.suffix == ".json":
        return dict(json.loads(text)["pipelineSpec"])
    return dict(yaml.safe_load(text))
