"""The lock of the system on a file: it ends with the process that holds it, however that ends."""

import fcntl
from pathlib import Path
from typing import IO

from tfx_pipeline.errors import PipelineError


def take_lock(path: Path, file: IO[str]) -> bool:
    """Lock a file that is open, until it is closed; False if another holds the lock.

    Args:
        path: Its name, for the message.
        file: The open file.

    Raises:
        PipelineError: The file system knows no locks.
    """
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise PipelineError(f"{path}: cannot be locked: {error.strerror}") from error
    return True
