"""Log files: what libraries and servers printed, for people to read."""

from pathlib import Path

from tfx_pipeline.forgetting import text_files
from tfx_pipeline.forgetting.user import User


def erase(path: Path, user: User) -> int:
    """Take the user's id out of the lines of a log, see `User.redact`.

    Returns:
        The number of lines that changed; the file is not touched if there is none.
    """
    return text_files.rewrite(path, text_files.lines(user.redact))
