"""Serve the pushed versions of a run in the foreground."""

import logging
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from rich.console import Console

from serving.model_server.options import ServerOptions
from serving.model_server.version_directory import find_versions
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import config_path
from tfx_pipeline.run_directory import serving_dir
from tfx_pipeline.silent_import import silent_import
from trainer.model_files import MODEL_NAME


def serve(
    run_dir: Path,
    host: str,
    port: int,
    rest_port: int = 0,
    batching: bool = False,
    batching_file: Path | None = None,
    monitoring_file: Path | None = None,
    ssl_file: Path | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Serves the versions that the run's model config file pins; without the file the highest, and each later one once it
    is pushed. Prints a line with address and version whenever another version is the highest in service. Call from the
    main thread.

    Args:
        run_dir: Directory of the run.
        host: Address to listen on.
        port: gRPC port; 0 takes a free one.
        rest_port: REST port; 0 offers no REST.
        batching: Join concurrent requests into one run of the graph.
        batching_file: TensorFlow Serving's `BatchingParameters` in text form; turns batching on.
        monitoring_file: Its `MonitoringConfig`: metrics for Prometheus on the REST port.
        ssl_file: Its `SSLConfig`: encryption.

    Raises:
        PipelineError: The run has pushed no version, or a file cannot be used.
        OSError: The address cannot be had.
    """
    if not find_versions(serving_dir(run_dir)):
        raise PipelineError(f"{serving_dir(run_dir)}: no version to serve; a run that is blessed pushes one")
    _quiet()
    waiting = Console(stderr=True).status("loading the model")
    # The version may be ready before the port is told.
    bound: Future[int] = Future()

    def announce(version: int) -> None:
        waiting.stop()
        print(f"serving version {version} on {host}:{bound.result()}; Ctrl-C stops it", flush=True)

    options = ServerOptions(
        host=host,
        port=port,
        rest_api_port=rest_port,
        enable_batching=batching or batching_file is not None,
        batching_parameters_file=batching_file,
        monitoring_config_file=monitoring_file,
        ssl_config_file=ssl_file,
        **_served_files(run_dir),
    )
    with silent_import() as terminal, Console(file=terminal).status("starting"):
        # Takes seconds: it imports TensorFlow.
        from serving.model_server import server
    with waiting:
        try:
            server.serve(options, on_listening=bound.set_result, on_available=announce)
        except ValueError as error:
            raise PipelineError(str(error)) from error


def _served_files(run_dir: Path) -> dict[str, Any]:
    """Flags of the model server that name what is served."""
    path = config_path(run_dir)
    if not path.exists():
        return {"model_name": MODEL_NAME, "model_base_path": serving_dir(run_dir)}
    # At the start no version is loaded yet, and the labels of the file have to be taken all the same.
    return {"model_config_file": path, "allow_version_labels_for_unavailable_models": True}


def _quiet() -> None:
    """Leave the terminal to what the server has to say, such as a version that cannot be loaded."""
    prepare_environment()
    logging.basicConfig(level=logging.WARNING, format="shoprank: %(message)s")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
