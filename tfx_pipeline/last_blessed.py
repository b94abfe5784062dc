"""The model that was blessed and pushed before a given one."""

from pathlib import Path


def last_version_before(serving_dir: Path, version: int) -> Path | None:
    """Folder of the newest pushed version with a smaller number; None where there is none.

    Versions are numbered by the second of their export, and only blessed models are pushed.
    """
    if not serving_dir.is_dir():
        return None
    numbers = (int(path.name) for path in serving_dir.iterdir() if path.name.isdecimal())
    newest = max((number for number in numbers if number < version), default=None)
    return None if newest is None else serving_dir / str(newest)
