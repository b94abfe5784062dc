"""A new version of a served model beside the others: numbered, written aside and renamed, by one writer at a time."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.model_server.version_directory import find_versions
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.file_lock import take_lock
from tfx_pipeline.run_directory import serving_dir

LOCK_FILE = "serving.lock"
"""In the run directory: locked by whoever writes a version made from the one that is served."""

WAIT_SECONDS = 60.0
"""How long a second writer waits for the first."""

_PAUSE_SECONDS = 0.05


def served_version(run_dir: Path, purpose: str) -> tuple[int, Path]:
    """The version that servers take, the highest, and its folder.

    Args:
        run_dir: Directory of the run.
        purpose: What it is to be used for, as a verb, for the message.

    Raises:
        PipelineError: The run has pushed no version.
    """
    versions = find_versions(serving_dir(run_dir))
    if not versions:
        raise PipelineError(f"{serving_dir(run_dir)}: no version to {purpose}; a run that is blessed pushes one")
    served = max(versions)
    return served, versions[served]


@contextmanager
def sole_writer(run_dir: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Keep others from writing a version of this run that is made from the served one, as long as this lasts.

    The lock is the system's, so it ends with the process, however that ends.

    Args:
        run_dir: Directory of the run; must exist.
        wait_seconds: How long to wait for another writer.

    Raises:
        PipelineError: Another writer holds the lock for longer, or the file system knows no locks.
    """
    path = run_dir / LOCK_FILE
    with path.open("a", encoding="utf-8") as file:
        deadline = time.monotonic() + wait_seconds
        while not take_lock(path, file):
            if time.monotonic() >= deadline:
                raise PipelineError(f"{path}: another command is writing a version of this run; try again after it")
            time.sleep(_PAUSE_SECONDS)
        yield


@contextmanager
def next_version(served: Path) -> Iterator[Path]:
    """Give a folder to write a version to, which becomes the one after the served one when the block ends.

    Call as the `sole_writer`. After an error or a kill no server sees anything of it. The number is the next one and
    not the time, as that of a training run is: a model that is in training meanwhile must not end up behind it.

    Args:
        served: Folder of the served version.

    Yields:
        The folder, which is yet to be made.
    """
    path = served.with_name(str(version_after(served)))
    # A server takes only folders with a number for a name, so it never looks into this one.
    aside = path.with_name(f".{path.name}.aside")
    # What a killed writer left.
    shutil.rmtree(aside, ignore_errors=True)
    try:
        yield aside
        _to_disk(aside)
        aside.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def version_after(served: Path) -> int:
    """The number of the version that `next_version` makes from a served one."""
    return int(served.name) + 1


def _to_disk(folder: Path) -> None:
    """Have the system write all files down: a rename may otherwise outlive what was renamed."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
