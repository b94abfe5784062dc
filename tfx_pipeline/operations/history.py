"""What was promoted, tried and taken back: one line of JSON for each change."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.operations.pins import Pins

HISTORY_FILE = "promotions.jsonl"
ChangeVerb = Literal["promote", "canary", "rollback"]


@dataclass(frozen=True)
class Change:
    """One change of what is served.

    Attributes:
        time: When, UTC, ISO 8601.
        verb: What was done.
        stable: The stable version from then on; None if versions come into service by themselves.
        canary: The version that was tried from then on.
        share: Share of the users that the canary was meant for.
        before: The version that was stable before; None if it is not known.
    """

    time: str
    verb: ChangeVerb
    stable: int | None
    canary: int | None
    share: float
    before: int | None

    @property
    def pins(self) -> Pins | None:
        """What was pinned from then on."""
        return None if self.stable is None else Pins(self.stable, self.canary)


def history_path(run_dir: Path) -> Path:
    """Where the history of a run is."""
    return run_dir / "serving" / HISTORY_FILE


def read_history(run_dir: Path) -> list[Change]:
    """All changes, oldest first.

    A last line without an end was cut off while it was written, and is left out.

    Raises:
        PipelineError: Another line is not as it was written.
    """
    path = history_path(run_dir)
    if not path.exists():
        return []
    changes = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True), start=1):
        if not line.endswith("\n"):
            break
        try:
            changes.append(Change(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise PipelineError(f"{path}: line {number} is no change of what is served") from error
    return changes


def append_change(
    run_dir: Path,
    verb: ChangeVerb,
    after: Pins | None,
    before: Pins | None,
    share: float = 0.0,
) -> Change:
    """Write one change down, with the time of now."""
    change = Change(
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        verb=verb,
        stable=None if after is None else after.stable,
        canary=None if after is None else after.canary,
        share=share,
        before=None if before is None else before.stable,
    )
    path = history_path(run_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        file.seek(0)
        # What a killed writer left without an end would swallow this line.
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(json.dumps(asdict(change)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return change


def earlier_stable(history: list[Change], present: int) -> list[int]:
    """Versions that were stable before the present one, the latest first; a rollback takes its promotion back."""
    stack: list[int] = []
    for change in history:
        if change.verb == "rollback":
            del stack[-1:]
        for version in (change.before, change.stable):
            # A rollback names what it left behind, which is not to be gone back to.
            left = change.verb == "rollback" and version == change.before
            if version is not None and stack[-1:] != [version] and not left:
                stack.append(version)
    return [version for version in reversed(stack) if version != present]
