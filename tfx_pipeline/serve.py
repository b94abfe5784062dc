"""Serve the pushed versions of a run in the foreground."""

import logging
import os
import warnings
from concurrent.futures import Future
from pathlib import Path

from rich.console import Console

from serving.model_server.version_directory import find_versions
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_directory import serving_dir
from trainer.model_files import MODEL_NAME


def serve(run_dir: Path, host: str, port: int) -> None:
    """Serve the highest version, and each later one once it is pushed, until Ctrl-C or SIGTERM.

    Prints a line with address and version whenever a version comes into service. Call from the main thread.

    Args:
        run_dir: Directory of the run.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.

    Raises:
        PipelineError: The run has pushed no version.
        OSError: The address cannot be had.
    """
    versions = serving_dir(run_dir)
    if not find_versions(versions):
        raise PipelineError(f"{versions}: no version to serve; a run that is blessed pushes one")
    _quiet()
    waiting = Console(stderr=True).status("loading the model")
    # The version may be ready before the port is told.
    bound: Future[int] = Future()

    def announce(version: int) -> None:
        waiting.stop()
        print(f"serving version {version} on {host}:{bound.result()}; Ctrl-C stops it", flush=True)

    with waiting:
        # Takes seconds: it imports TensorFlow.
        from serving.model_server import server

        server.serve(MODEL_NAME, versions, port=port, host=host, on_listening=bound.set_result, on_available=announce)


def _quiet() -> None:
    """Leave the terminal to what the server has to say, such as a version that cannot be loaded."""
    # Even errors: TensorFlow logs some about CUDA wherever there is no GPU, and raises those that matter.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    prepare_environment()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.api_core")
    logging.basicConfig(level=logging.WARNING, format="shoprank: %(message)s")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
