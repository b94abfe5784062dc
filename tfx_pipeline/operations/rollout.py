"""The steps to another state, on disk and on running servers: each is done everywhere before the next one begins."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from serving.administration import Administration
from serving.answers import VersionStatus
from serving.connection import ServingError
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.models_config import config_path, pins_of, read_config, with_versions, write_config
from tfx_pipeline.operations.pins import CANARY, STABLE, Pins, Step, steps
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
        first, *others = way[:2] if servers else way[-1:]
        _go(run_dir, servers, config, first, wait_seconds, own_labels=len(way) > 1)
        for step in others:
            _go(run_dir, servers, config, step, wait_seconds)
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
            _go(run_dir, servers, config, step, wait_seconds)

    return drop


def _go(
    run_dir: Path,
    servers: Sequence[Administration],
    config: Any,
    step: Step,
    wait_seconds: float,
    own_labels: bool = False,
) -> None:
    """Write a step to the file, have all servers take it, and wait until its versions answer on each of them.

    With `own_labels` each server keeps the labels that it has, and what answers there: one that was started without the
    file has others than the file, and would refuse a label to a version that it does not hold.
    """
    write_config(run_dir, with_versions(config, step.versions, step.labels))
    earlier = [server.statuses() for server in servers]
    for server in servers:
        taken = _beside_its_own(server, step) if own_labels else step
        server.reload(with_versions(config, taken.versions, taken.labels), _RELOAD_SECONDS)
    for server, before in zip(servers, earlier, strict=True):
        for version in sorted(step.awaited):
            _wait_until_available(server, version, before.get(version), wait_seconds)


def _beside_its_own(server: Administration, step: Step) -> Step:
    """A step's versions beside the labels of a server, the versions that these point to, and the one that answers."""
    found = {label: server.labelled_version(label) for label in (STABLE, CANARY)}
    labels = {label: version for label, version in found.items() if version is not None}
    answering = sorted(server.available())[-1:]
    return replace(step, versions=step.versions | {*labels.values(), *answering}, labels=labels)


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
