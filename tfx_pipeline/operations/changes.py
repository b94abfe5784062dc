"""Promote, try and take back: what each verb makes of the state at hand."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving.administration import Administration
from serving.model_server.version_directory import find_versions
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.history import Change, ChangeVerb, append_change, earlier_stable, read_history
from tfx_pipeline.operations.models_config import pins_of, read_config
from tfx_pipeline.operations.pins import Pins
from tfx_pipeline.operations.rollout import roll_out
from tfx_pipeline.run_directory import serving_dir

WAIT_SECONDS = 300.0
"""How long a version may take to load."""
_LOCK_FILE = "promotions.lock"


@dataclass(frozen=True)
class Done:
    """What a verb did.

    Attributes:
        change: The change.
        ended_canary: Version that was tried until then, if any.
        servers: Addresses of the servers that took the change.
        unreachable: Addresses where no server was.
    """

    change: Change
    ended_canary: int | None
    servers: tuple[str, ...]
    unreachable: tuple[str, ...]


def promote(run_dir: Path, version: int | None, servers: Sequence[str], wait_seconds: float = WAIT_SECONDS) -> Done:
    """Make a version the stable one; a canary ends.

    Args:
        run_dir: Directory of the run.
        version: The version; None for the highest, and each later one as it comes.
        servers: Addresses `host:port`; where no server is, the file alone is written.
        wait_seconds: Longest wait for the version to be loaded.

    Raises:
        PipelineError: There is no such version, or a server cannot load it; then everything is as it was.
        ServingError: A server answers with an error.
    """
    with _Operation(run_dir, servers) as operation:
        if version is None:
            return operation.change("promote", None, 0.0, wait_seconds)
        operation.require(version)
        return operation.change("promote", Pins(version), 0.0, wait_seconds)


def canary(
    run_dir: Path, version: int, share: float, servers: Sequence[str], wait_seconds: float = WAIT_SECONDS
) -> Done:
    """Serve a version beside the stable one, under the label `canary`; see `promote`.

    Args:
        run_dir: Directory of the run.
        version: The version to try.
        share: Share of the users that clients are to send to it, above 0 and below 1.
        servers: Addresses `host:port`.
        wait_seconds: Longest wait for the version to be loaded.

    Raises:
        PipelineError: As for `promote`, or no version is stable, or this one is.
        ServingError: A server answers with an error.
    """
    with _Operation(run_dir, servers) as operation:
        operation.require(version)
        if operation.pins is None:
            raise PipelineError("no version is stable yet; first: shoprank promote VERSION")
        if operation.pins.stable == version:
            raise PipelineError(f"version {version} is the stable one; a canary is another version")
        return operation.change("canary", Pins(operation.pins.stable, version), share, wait_seconds)


def rollback(run_dir: Path, servers: Sequence[str], wait_seconds: float = WAIT_SECONDS) -> Done:
    """Take the last change back: end the canary if there is one, else return to the version that was stable before.

    Where nothing is pinned, that is the version below the one in service. See `promote`.

    Raises:
        PipelineError: There is nothing to return to, or a server cannot load it; then everything is as it was.
        ServingError: A server answers with an error.
    """
    with _Operation(run_dir, servers) as operation:
        pins = operation.pins
        if pins is not None and pins.canary is not None:
            return operation.change("rollback", Pins(pins.stable), 0.0, wait_seconds)
        return operation.change("rollback", Pins(operation.version_before()), 0.0, wait_seconds)


class _Operation:
    """One change at a time of what a run serves."""

    def __init__(self, run_dir: Path, servers: Sequence[str]) -> None:
        self._run_dir = run_dir
        self._addresses = servers
        self._open = ExitStack()

    def __enter__(self) -> "_Operation":
        with ExitStack() as opened:
            opened.enter_context(_sole_operator(self._run_dir))
            self.pins = pins_of(read_config(self._run_dir))
            self._versions = find_versions(serving_dir(self._run_dir))
            self._servers = [Administration(address) for address in self._addresses]
            for server in self._servers:
                opened.callback(server.close)
            self._reachable = [server for server in self._servers if server.is_reachable()]
            self._open = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def require(self, version: int) -> None:
        """Raise unless the run has a version."""
        if version not in self._versions:
            there = ", ".join(map(str, sorted(self._versions))) or "none"
            raise PipelineError(f"{serving_dir(self._run_dir)}: no version {version}; there is: {there}")

    def version_before(self) -> int:
        """The version to return to from the stable one."""
        if not self._versions:
            raise PipelineError(f"{serving_dir(self._run_dir)}: no version to return to")
        stable = self._present()
        lower = sorted((version for version in self._versions if version < stable), reverse=True)
        earlier = earlier_stable(read_history(self._run_dir), stable) if self.pins is not None else []
        for version in [*earlier, *lower]:
            if version in self._versions:
                return version
        raise PipelineError(f"{serving_dir(self._run_dir)}: no version before {stable} to return to")

    def change(self, verb: ChangeVerb, after: Pins | None, share: float, wait_seconds: float) -> Done:
        """Carry a change out and write it down."""
        before = self.pins or (Pins(self._present()) if self._versions else None)
        drop = roll_out(self._run_dir, self._reachable, after, wait_seconds)
        change = append_change(self._run_dir, verb, after, before, share)
        drop()
        ended = self.pins.canary if self.pins is not None and change.canary is None else None
        took = tuple(server.target for server in self._reachable)
        unreachable = tuple(server.target for server in self._servers if server not in self._reachable)
        return Done(change, ended, took, unreachable)

    def _present(self) -> int:
        """The stable version; where nothing is pinned, the highest that a server has, or the highest of the run."""
        if self.pins is not None:
            return self.pins.stable
        available = set().union(*(server.available() for server in self._reachable))
        return max(available or self._versions)


@contextmanager
def _sole_operator(run_dir: Path) -> Iterator[None]:
    """Keep others from changing what is served; the lock ends with the process."""
    folder = run_dir / "serving"
    if not folder.is_dir():
        raise PipelineError(f"{serving_dir(run_dir)}: no version to serve; a run that is blessed pushes one")
    with (folder / _LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PipelineError(
                f"{file.name}: another command is changing what is served; try again after it"
            ) from error
        yield
