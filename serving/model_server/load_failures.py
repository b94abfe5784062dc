"""When a version that could not be loaded is tried again."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Fingerprint = frozenset[tuple[str, int, int]]


@dataclass(frozen=True)
class _Failure:
    files: Fingerprint
    tries: int
    at: float


class LoadFailures:
    """Remembers failed loads: a version is tried again when its files change, and some times after a pause.

    Args:
        most_retries: Tries with the same files after the first one.
        pause_seconds: Time between two of them.
        clock: Returns a time in seconds that never goes back.
    """

    def __init__(self, most_retries: int, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with no failure."""
        self._most_retries = most_retries
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._failures: dict[Path, _Failure] = {}

    def may_try(self, directory: Path, files: Fingerprint) -> bool:
        """Whether the directory with these files is to be loaded now."""
        failure = self._failures.get(directory)
        if failure is None or failure.files != files:
            return True
        return failure.tries <= self._most_retries and self._clock() - failure.at >= self._pause_seconds

    def note(self, directory: Path, files: Fingerprint) -> None:
        """Take note that the directory with these files could not be loaded."""
        before = self._failures.get(directory)
        tries = 1 + (before.tries if before is not None and before.files == files else 0)
        self._failures[directory] = _Failure(files, tries, self._clock())

    def forget(self, directory: Path) -> None:
        """Take note that the directory has been loaded."""
        self._failures.pop(directory, None)
