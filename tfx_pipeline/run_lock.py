"""One run at a time in a run directory: a second one is refused and told who is at work."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.file_lock import take_lock

RUN_LOCK, WATCH_LOCK = "run.lock", "watch.lock"
"""In the run directory: locked by the process that runs the pipeline there, and by the one that waits for new data."""


AT_WORK = "is at work here"
"""In the message of a `RunUnderWayError`, by which the process that started a run knows one."""


class RunUnderWayError(PipelineError):
    """Another process holds the run directory."""


@contextmanager
def sole_run(run_dir: Path, lock: str = RUN_LOCK) -> Iterator[None]:
    """Keep every other run out of a run directory for as long as this lasts.

    The lock is the system's, so it ends with the process, however that ends; the file stays. It is not the lock of
    `tfx_pipeline.new_version.sole_writer`: what makes a version from the served one need not wait hours for a training.

    Args:
        run_dir: Directory of the run; must exist.
        lock: Name of the file that is locked.

    Raises:
        RunUnderWayError: Another process holds the lock; the message has its number and when it began.
        PipelineError: The file system knows no locks.
    """
    path = run_dir / lock
    with path.open("a+", encoding="utf-8") as file:
        # Where there are no locks, the metadata of a run, which are in SQLite, could not be written either.
        if not take_lock(path, file):
            file.seek(0)
            holder = " ".join(file.read().split()) or "another process"
            advice = "wait until it is done, or give this one another run_dir"
            raise RunUnderWayError(f"{run_dir}: {holder} {AT_WORK}; {advice}")
        file.truncate(0)
        file.write(f"process {os.getpid()}, begun {datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S} UTC,\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
