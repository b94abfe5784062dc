"""The feedback log: what a user was shown, and what came of it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from serving.feedback.part_files import ASIDE, FORMATS
from tfx_pipeline.config import load_config
from tfx_pipeline.forgetting.erasure import Erasure
from tfx_pipeline.forgetting.feedback_parts import erase_outcomes, erase_slates, requests_of
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.run_directory import LOG_FOLDER

_SHOWN, _OUTCOMES = "shown", "outcomes"


def log_folders(run_dir: Path) -> list[Path]:
    """Where a run may have feedback: in its own directory, and where its configuration says.

    Raises:
        ConfigError: The directory has no readable configuration.
    """
    configured = load_config(run_dir / "config.yaml").data.feedback
    folders = [*([Path(configured)] if configured else []), run_dir / LOG_FOLDER]
    return list({folder.resolve(): folder for folder in folders}.values())


def erase_feedback(folder: Path, user: User, erasure: Erasure) -> None:
    """Take the slates of a user and their outcomes out of a log; programs may go on writing to it.

    Part files of all others stay. What a killed program left half-written is told as unreadable.

    Args:
        folder: The log; it need not exist.
        user: Who is forgotten.
        erasure: Takes down what became of the part files.

    Raises:
        OSError: A file cannot be read or written.
    """
    requests: set[str] = set()
    for path in _parts(folder, _SHOWN):
        # A damaged part is told below, when its slates are to go.
        with suppress(ValueError):
            requests |= requests_of(path, user)
    # Outcomes go first: after an interruption the slates still tell which ones are the user's.
    for path in _parts(folder, _OUTCOMES):
        erasure.apply(path, "outcomes", erase_outcomes, requests)
    for path in _parts(folder, _SHOWN):
        erasure.apply(path, "slates", erase_slates, user)
    for path in _left_aside(folder):
        erasure.leave(path)


def _parts(folder: Path, table: str) -> list[Path]:
    files = (path for ending in FORMATS for path in (folder / table).glob(f"*.{ending}"))
    return sorted(path for path in files if not path.name.startswith(ASIDE))


def _left_aside(folder: Path) -> Iterator[Path]:
    """Part files that were never finished; those of a program that is writing now are gone in a moment."""
    return (path for table in (_SHOWN, _OUTCOMES) for path in sorted((folder / table).glob(f"{ASIDE}*")))
