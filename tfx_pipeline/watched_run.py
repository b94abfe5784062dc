"""One run of the pipeline in a process of its own, which can be stopped, and what became of it in one line."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tfx_pipeline.run_directory import METRICS_FILE
from tfx_pipeline.run_lock import AT_WORK
from tfx_pipeline.run_summary import load_run_summary

POLL_SECONDS = 0.5
GRACE_SECONDS = 60.0
"""How long a run that is to stop may take; after that it is killed. Finished stages are in the cache either way."""

_OWN = "shoprank: "
"""What the line of an error starts with."""

Wait = Callable[[float], bool]
"""Waits for so many seconds, or less; True as soon as the watch is to end."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        text: In words.
        stopped: Whether it was stopped by us before its end.
        handled: Whether its data were tried; not if it was stopped or killed, or refused.
        refused: Whether another run was at work, so that it is to be tried again.
    """

    text: str
    stopped: bool = False
    handled: bool = True
    refused: bool = False


def run_apart(arguments: Sequence[str], run_dir: Path, wait: Wait, grace_seconds: float = GRACE_SECONDS) -> Outcome:
    """Run `shoprank run` in another process: its memory is freed, and its crash is not that of the caller.

    Args:
        arguments: What comes behind `shoprank run`.
        run_dir: Directory of the run.
        wait: Waits between two looks at the process.
        grace_seconds: How long a run that is to stop may take before it is killed.
    """
    command = [sys.executable, "-m", "tfx_pipeline.cli", "run", *arguments]
    with tempfile.TemporaryFile() as errors:
        # A session of its own: Ctrl-C is for the caller, which stops the run itself.
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        ) as process:
            while process.poll() is None:
                if wait(POLL_SECONDS):
                    _stop(process, grace_seconds)
                    return Outcome("stopped; finished stages stay in the cache", stopped=True, handled=False)
        return _outcome(process.returncode, errors, run_dir)


def _outcome(status: int, errors: IO[bytes], run_dir: Path) -> Outcome:
    if status == 0:
        return Outcome(f"version {load_run_summary(run_dir / METRICS_FILE).model_version} was pushed")
    if status < 0:
        # By want of memory, say, or by an operator: nothing that the data would be to blame for.
        return Outcome(f"failed: the run was ended by {signal.Signals(-status).name}", handled=False)
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    # Libraries may print something after it as the process ends.
    told = [line.removeprefix(_OWN) for line in lines if line.startswith(_OWN)]
    reason = (told or lines or [f"exit status {status}"])[-1]
    refused = AT_WORK in reason
    return Outcome(f"failed: {reason}", handled=not refused, refused=refused)


def _stop(process: "subprocess.Popen[bytes]", grace_seconds: float) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        # The process leads a group of its own, with workers that would go on without it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
