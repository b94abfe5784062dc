"""Where a run's chatter goes: what libraries print lands in one log file, and the console shows the stages."""

import fcntl
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

import absl.logging
from rich.console import Console

from tfx_pipeline.stage_progress import StageProgress
from trainer.progress import progress_of


@contextmanager
def log_to(path: Path) -> Iterator[Console]:
    """Send logging, standard output and standard error - also of C++ code - to a file.

    The file is locked for as long as this lasts, see `is_written`.

    Yields:
        A console on the standard output that was, which shows the stages that TFX runs and their progress.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    terminal = os.fdopen(os.dup(saved[0]), "w", encoding="utf-8", buffering=1)
    with path.open("a", encoding="utf-8", buffering=1) as file:
        _lock(file)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        root = logging.getLogger()
        before = root.handlers[:], root.level
        console = Console(file=terminal)
        stages = StageProgress(console)
        _take_over(root, file, stages)
        try:
            # Python's own streams as well: they need not lead to the descriptors.
            with redirect_stdout(file), redirect_stderr(file), stages:
                yield console
        finally:
            root.handlers[:], root.level = before[0], before[1]
            for number, descriptor in enumerate(saved, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            terminal.close()


def is_written(path: Path) -> bool:
    """Whether a process of this machine is logging to a file right now, as far as the file system can tell."""
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


class _Tenths(logging.Filter):
    """Of the reports of a piece of work, lets one of each tenth through; everything else passes."""

    def __init__(self) -> None:
        super().__init__()
        self._latest: tuple[str, int] | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        progress = progress_of(record)
        if progress is None:
            return True
        tenth = (progress.what, 10 * progress.done // progress.total if progress.total else -1)
        is_new, self._latest = tenth != self._latest, tenth
        return is_new


def _lock(file: TextIO) -> None:
    # The system takes a lock back from a killed process. Some network file systems know no locks.
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _take_over(root: logging.Logger, file: TextIO, stages: StageProgress) -> None:
    # Whoever parses absl's flags later would otherwise put its default back, which hides what TFX says of its stages.
    absl.logging.set_verbosity(absl.logging.INFO)
    lines = logging.StreamHandler(file)
    lines.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    lines.addFilter(_Tenths())
    root.handlers[:] = [lines, stages]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
