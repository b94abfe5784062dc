"""The model server as a child process, for a program that needs one for a while. Imports no TensorFlow."""

import atexit
import os
import re
import site
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from serving.client import ServingError, ShopRankClient
from serving.model_server.version_directory import find_versions

_LISTENING = re.compile(r"^model server: listening on (\S+)\n", re.MULTILINE)
LISTEN_PORT = 0
"""A free port of the system's choice: no other can be promised to be free."""
_POLL_SECONDS = 0.05
_STOP_SECONDS = 10.0


class ServerProcess:
    """A model server in a process of its own; a context manager that stops it.

    The child ends with its parent in every case: `stop` is also called at exit, and the child watches a pipe that
    breaks when the parent is killed.

    Attributes:
        target: `host:port` for the client.
        log_file: Where the server writes what it has to say.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
        """Take charge of a process that has just been started."""
        self.target = ""
        self.log_file = log_file
        self._process = process
        atexit.register(self.stop)

    def __enter__(self) -> "ServerProcess":
        """Return the handle itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code of the process, None while it runs."""
        return self._process.poll()

    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.exit_code is None

    def stop(self) -> None:
        """Ask the server to end, and kill it if it does not within seconds; may be called again."""
        atexit.unregister(self.stop)
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def start_server(
    model_base_path: Path,
    model_name: str = "shoprank",
    *,
    log_file: Path,
    startup_timeout: float = 120.0,
    flags: Sequence[str] = (),
) -> ServerProcess:
    """Start a model server on a free port of this machine and wait until the model answers.

    Args:
        model_base_path: Directory with at least one numbered version directory.
        model_name: Name under which requests ask for the model.
        log_file: Where the server writes; replaced.
        startup_timeout: Longest wait, in seconds.
        flags: Further flags of the server, such as `--rest_api_port=8501`.

    Raises:
        ServingError: No version is there, or the server died, or no version could be loaded, or it took too long; one
            line with the reason and the log's path.
    """
    if not find_versions(model_base_path):
        raise ServingError(f"{model_base_path}: no numbered version directory with a saved_model.pb")
    server = ServerProcess(_spawn(model_base_path, model_name, log_file, flags), log_file)
    deadline = time.monotonic() + startup_timeout
    try:
        server.target = _wait_until_listening(server, deadline)
        _wait_until_available(server, model_base_path, model_name, deadline)
    except BaseException:
        server.stop()
        raise
    return server


def _spawn(model_base_path: Path, model_name: str, log_file: Path, flags: Sequence[str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "serving.model_server", f"--port={LISTEN_PORT}", "--stop_on_stdin_close"]
    command += [f"--model_base_path={model_base_path.resolve()}", f"--model_name={model_name}", *flags]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, env=_environment()
        )


def _environment() -> dict[str, str]:
    """Return our environment, in which the child finds this package even when it is not installed."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    if root not in site.getsitepackages():
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH", "")]))
    return environment


def _wait_until_listening(server: ServerProcess, deadline: float) -> str:
    while True:
        said = _LISTENING.search(server.log_file.read_text(encoding="utf-8", errors="replace"))
        if said:
            return said.group(1)
        _pause(server, deadline)


def _wait_until_available(server: ServerProcess, model_base_path: Path, model_name: str, deadline: float) -> None:
    with ShopRankClient(server.target, model_name, timeout=5.0) as client:
        while True:
            try:
                statuses = client.status()
            except ServingError:
                # Not a version has been looked at yet; a server that is gone is noticed below.
                statuses = []
            if any(status.state == "AVAILABLE" for status in statuses):
                return
            errors = [f"version {status.version}: {status.error}" for status in statuses if status.error]
            if errors and len(errors) == len(statuses) == len(find_versions(model_base_path)):
                raise ServingError(f"no version can be loaded: {'; '.join(errors)}; log: {server.log_file}")
            _pause(server, deadline)


def _pause(server: ServerProcess, deadline: float) -> None:
    """Wait a little; raise if there is nothing more to wait for."""
    if not server.is_running():
        raise ServingError(f"the model server ended at once: {_last_line(server.log_file)}; log: {server.log_file}")
    if time.monotonic() > deadline:
        raise ServingError(f"the model server was not ready in time; log: {server.log_file}")
    time.sleep(_POLL_SECONDS)


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
