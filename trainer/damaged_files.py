"""Files that cannot be read back, named."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Content = TypeVar("Content")


class DamagedFileError(ValueError):
    """A file of ours is missing or not what was written; the message is one line that names it."""


def read_whole(path: Path, read: Callable[[Path], Content]) -> Content:
    """Read a file or a folder.

    Args:
        path: Where it is.
        read: What reads it; libraries have many errors for a damaged file.

    Raises:
        DamagedFileError: It is not there or cannot be read.
    """
    if not path.exists():
        raise DamagedFileError(f"{path}: is missing")
    try:
        return read(path)
    except DamagedFileError:
        raise
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DamagedFileError(f"{path}: cannot be read: {reason}") from error
