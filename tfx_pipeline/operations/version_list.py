"""The versions of a run, with what a server says of each."""

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from serving.administration import Administration
from serving.assignment import SampleRatio
from serving.model_server.version_directory import SAVED_MODEL, find_versions
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.history import Change, read_history
from tfx_pipeline.operations.models_config import pins_of, read_config
from tfx_pipeline.operations.pins import CANARY, STABLE, Pins
from tfx_pipeline.run_directory import LOG_FOLDER, serving_dir


@dataclass(frozen=True)
class Version:
    """One version.

    Attributes:
        version: Its number.
        size_bytes: Size of its folder; None if it is no longer there.
        written: When it was written, UTC, ISO 8601.
        state: What the server says of it, such as `AVAILABLE`; empty if it does not know it or cannot be asked.
        error: Why it could not be loaded, as the server says.
        labels: Labels that point to it: those of the server, or of the file if no server answers.
        share: Share of the users that it is meant for.
    """

    version: int
    size_bytes: int | None
    written: str | None
    state: str
    error: str
    labels: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class VersionList:
    """All versions of a run.

    Attributes:
        versions: Highest first.
        server: Address of the server that was asked.
        reachable: Whether it answered.
        pinned: Whether the model config file says which versions are served.
        since: When the stable version became so, UTC; None if the history does not tell.
        sample_ratio: Whether the users of the log were split as the share says; None without a canary or a log.
    """

    versions: tuple[Version, ...]
    server: str
    reachable: bool
    pinned: bool
    since: str | None
    sample_ratio: SampleRatio | None


def list_versions(run_dir: Path, server: str, log: Path | None = None) -> VersionList:
    """Look at the folder of the versions, the model config file, the history, the log and a server.

    Args:
        run_dir: Directory of the run.
        server: Address `host:port`.
        log: Folder of the feedback log; by default `feedback` in the run directory.

    Raises:
        PipelineError: The run has pushed no version, or one of its files cannot be used.
        ServingError: The server answers with an error.
    """
    folders = find_versions(serving_dir(run_dir))
    if not folders:
        raise PipelineError(f"{serving_dir(run_dir)}: no version; a run that is blessed pushes one")
    pins, history = pins_of(read_config(run_dir)), read_history(run_dir)
    told = _ask(server)
    present = _last_change(history, pins)
    shares = _shares(pins, present, told, max(folders))
    labels = {} if pins is None else pins.labels
    known = set(folders) | set(told.states if told else ())
    versions = tuple(
        Version(
            version,
            *_facts(folders.get(version)),
            *(told.states.get(version, ("", "")) if told else ("", "")),
            tuple(label for label, of in (told.labels if told else labels).items() if of == version),
            shares.get(version, 0.0),
        )
        for version in sorted(known, reverse=True)
    )
    return VersionList(
        versions, server, told is not None, pins is not None, _since(history, pins), _ratio(run_dir, log, present)
    )


@dataclass(frozen=True)
class _Told:
    """What a server says: version -> state and error, label -> version."""

    states: dict[int, tuple[str, str]]
    labels: dict[str, int]

    @property
    def available(self) -> list[int]:
        return [version for version, (state, _) in self.states.items() if state == "AVAILABLE"]


def _ask(address: str) -> _Told | None:
    server = Administration(address)
    try:
        if not server.is_reachable():
            return None
        states = {version: (status.state, status.error) for version, status in server.statuses().items()}
        labels = {label: server.labelled_version(label) for label in (STABLE, CANARY)}
        return _Told(states, {label: version for label, version in labels.items() if version is not None})
    finally:
        server.close()


def _facts(folder: Path | None) -> tuple[int | None, str | None]:
    """Size and time of writing of a version."""
    if folder is None:
        return None, None
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    written = datetime.fromtimestamp((folder / SAVED_MODEL).stat().st_mtime, timezone.utc)
    return size, written.isoformat(timespec="seconds")


def _last_change(history: list[Change], pins: Pins | None) -> Change | None:
    """The change that led to what is pinned; None if the history ends elsewhere."""
    return history[-1] if history and pins is not None and history[-1].pins == pins else None


def _shares(pins: Pins | None, present: Change | None, told: _Told | None, highest: int) -> dict[int, float]:
    """Version -> share of the users that it is meant for."""
    if pins is None:
        return {max(told.available, default=highest) if told else highest: 1.0}
    share = present.share if present is not None and pins.canary is not None else 0.0
    return {pins.stable: 1 - share} | ({pins.canary: share} if pins.canary is not None else {})


def _since(history: list[Change], pins: Pins | None) -> str | None:
    """When the stable version became so: the first of the last changes that have it."""
    since = None
    for change in reversed(history):
        if pins is None or change.stable != pins.stable:
            break
        since = change.time
    return since


def _ratio(run_dir: Path, log: Path | None, present: Change | None) -> SampleRatio | None:
    """The users of the log since the canary began, against its share."""
    folder = log or run_dir / LOG_FOLDER
    if present is None or present.canary is None or not 0 < present.share < 1 or not folder.is_dir():
        return None
    from tfx_pipeline.operations.canary_users import canary_ratio

    return canary_ratio(folder, present)
