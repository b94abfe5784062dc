"""What becomes of the files that a user is taken out of, collected file by file."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tfx_pipeline.forgetting.report import Rewritten

Whose = TypeVar("Whose")
_NOT_UNDERSTOOD = (ValueError, EOFError, csv.Error)


@dataclass
class Erasure:
    """What became of the stored files.

    Attributes:
        rewritten: The files that named the user.
        unreadable: Files that may name the user, but cannot be understood, such as those of a killed run.
    """

    rewritten: list[Rewritten] = field(default_factory=list)
    unreadable: list[Path] = field(default_factory=list)
    _seen: set[Path] = field(default_factory=set)

    def apply(self, path: Path, what: str, erase: Callable[[Path, Whose], int], whose: Whose) -> None:
        """Take the user out of a file, unless it has had its turn.

        Args:
            path: The file.
            what: What its records are.
            erase: Rewrites the file and returns how many records went or changed.
            whose: Second argument of `erase`: whose records go.

        Raises:
            OSError: The file cannot be read or written.
        """
        if not self._is_new(path):
            return
        try:
            removed = erase(path, whose)
        except _NOT_UNDERSTOOD:
            self.unreadable.append(path)
            return
        if removed:
            self.rewritten.append(Rewritten(path, removed, what))

    def leave(self, path: Path) -> None:
        """Take down a file that nobody can understand, unless it has had its turn."""
        if self._is_new(path):
            self.unreadable.append(path)

    def _is_new(self, path: Path) -> bool:
        before = len(self._seen)
        self._seen.add(path.resolve())
        return len(self._seen) > before
