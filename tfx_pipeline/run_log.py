"""Where a run's chatter goes: what libraries print lands in one log file, and the console names each stage."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

import absl.logging
from rich.console import Console

_STAGE = re.compile(r"^Component (\S+) is running\.$")


class StageLines(logging.Handler):
    """Tells a console when TFX starts a stage, and passes on the progress of long ones."""

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        super().__init__(logging.INFO)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print stages that start, and progress lines; everything else stays in the log."""
        message = record.getMessage()
        stage = _STAGE.match(message)
        if stage:
            self._console.print(f"[bold]{stage.group(1)}[/bold]", highlight=False)
        elif message.startswith("Encoded "):
            self._console.print(f"  {message}", highlight=False)


@contextmanager
def log_to(path: Path) -> Iterator[Console]:
    """Send logging, standard output and standard error - also of C++ code - to a file.

    Yields:
        A console on the standard output that was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    terminal = os.fdopen(os.dup(saved[0]), "w", encoding="utf-8", buffering=1)
    with path.open("a", encoding="utf-8", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        root = logging.getLogger()
        before = root.handlers[:], root.level
        console = Console(file=terminal)
        _take_over(root, file, console)
        try:
            # Python's own streams as well: they need not lead to the descriptors.
            with redirect_stdout(file), redirect_stderr(file):
                yield console
        finally:
            root.handlers[:], root.level = before[0], before[1]
            for number, descriptor in enumerate(saved, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
            terminal.close()


def _take_over(root: logging.Logger, file: TextIO, console: Console) -> None:
    # Whoever parses absl's flags later would otherwise put its default back, which hides what TFX says of its stages.
    absl.logging.set_verbosity(absl.logging.INFO)
    lines = logging.StreamHandler(file)
    lines.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.handlers[:] = [lines, StageLines(console)]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
