"""The environment of the packages that are compared with, which `make bench-setup` makes."""

import os
import subprocess
from pathlib import Path

from tfx_pipeline.errors import PipelineError

PEER_PYTHON = Path(__file__).resolve().parents[3] / ".venv-bench" / "bin" / "python"
NO_PEERS = f"{PEER_PYTHON} is not there; run `make bench-setup`"


def run_peer(program: Path, *arguments: str | Path) -> str:
    """Run a program of ours with the Python that has the peers.

    Args:
        program: The program.
        *arguments: Its arguments.

    Returns:
        What it printed.

    Raises:
        PipelineError: The environment is not there, or the program failed.
    """
    if not PEER_PYTHON.exists():
        raise PipelineError(NO_PEERS)
    command = [str(PEER_PYTHON), "-W", "ignore", str(program), *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    if finished.returncode:
        last = finished.stderr.strip().splitlines()[-1:] or [f"exit status {finished.returncode}"]
        raise PipelineError(f"{program.name}: {last[0]}")
    return finished.stdout
