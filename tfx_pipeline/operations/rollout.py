"""The steps to another state, on disk and on running servers: each is done everywhere before the next one begins."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from serving.administration import Administration
from serving.answers import VersionStatus
from serving.connection import ServingError
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import config_path, pins_of, read_config, with_versions, write_config
from tfx_pipeline.operations.pins import Pins, steps
from tfx_pipeline.write_aside import write_aside

_POLL_SECONDS = 0.1
_RELOAD_SECONDS = 60.0
"""How long a server may take to answer that it follows another configuration; it loads versions after that."""
_STALE_SECONDS = 3.0
"""How long a server may go on telling the failure of an earlier attempt to load a version."""


def roll_out(
    run_dir: Path, servers: Sequence[Administration], after: Pins | None, wait_seconds: float
) -> Callable[[], None]:
    """Bring a run and its servers to another state: load first, label second.

    Each step is written to the model config file and then taken by every server, so a server that starts meanwhile
    finds what the others have. Without servers the file gets the last step alone.

    Args:
        run_dir: Directory of the run.
        servers: Servers that answer.
        after: What is to be pinned; None for nothing.
        wait_seconds: Longest wait for a version to be loaded.

    Returns:
        What drops the versions that no label needs any more: the last step, to be called when the change is written
        down. From then on nothing is taken back.

    Raises:
        PipelineError: A version cannot be loaded, or a server refuses. The file and the servers are as they were.
    """
    config = read_config(run_dir)
    in_service = {max(versions) for server in servers if (versions := server.available())}
    way = steps(pins_of(config), after, in_service)
    path = config_path(run_dir)
    content = path.read_bytes() if path.exists() else None
    try:
        for step in way[:2] if servers else way[-1:]:
            _go(run_dir, servers, with_versions(config, step.versions, step.labels), step.awaited, wait_seconds)
    except BaseException as error:
        _restore(path, content)
        for server in servers:
            # The error that is told is the first one.
            with suppress(ServingError):
                server.reload(config, _RELOAD_SECONDS)
        if isinstance(error, ServingError):
            raise PipelineError(f"{error}; everything is as it was") from error
        raise

    def drop() -> None:
        for step in way[2:] if servers else ():
            _go(run_dir, servers, with_versions(config, step.versions, step.labels), step.awaited, wait_seconds)

    return drop


def _go(
    run_dir: Path, servers: Sequence[Administration], config: Any, awaited: frozenset[int], wait_seconds: float
) -> None:
    """Write a configuration, have all servers take it, and wait until versions answer on each of them."""
    write_config(run_dir, config)
    earlier = [server.statuses() for server in servers]
    for server in servers:
        server.reload(config, _RELOAD_SECONDS)
    for server, before in zip(servers, earlier, strict=True):
        for version in sorted(awaited):
            _wait_until_available(server, version, before.get(version), wait_seconds)


def _wait_until_available(
    server: Administration, version: int, before: VersionStatus | None, wait_seconds: float
) -> None:
    started = time.monotonic()
    while True:
        status = server.statuses().get(version)
        waited = time.monotonic() - started
        if status is not None and status.state == "AVAILABLE":
            return
        if status is not None and status.error and (status != before or waited > _STALE_SECONDS):
            raise ServingError(f"{server.target}: version {version} cannot be loaded: {status.error}")
        if waited > wait_seconds:
            raise ServingError(f"{server.target}: version {version} is not loaded after {wait_seconds:g} s")
        time.sleep(_POLL_SECONDS)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        with write_aside(path) as aside:
            aside.write_bytes(content)
