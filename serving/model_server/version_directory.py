"""The numbered version directories of a model, as the pusher leaves them."""

import os
from pathlib import Path

SAVED_MODEL = "saved_model.pb"
_HIGHEST = 2**63 - 1
"""A version is an int64 in the API."""


def find_versions(model_base_path: Path) -> dict[int, Path]:
    """Return version -> directory for every numbered subdirectory that contains `saved_model.pb`.

    A directory without that file is being copied, and is left alone.
    """
    numbered = _numbered_directories(model_base_path)
    return {version: directory for version, directory in numbered.items() if _is_whole(directory)}


def find_incomplete(model_base_path: Path) -> dict[int, Path]:
    """Return version -> directory for every numbered subdirectory that lacks `saved_model.pb`."""
    numbered = _numbered_directories(model_base_path)
    return {version: directory for version, directory in numbered.items() if not _is_whole(directory)}


def fingerprint(directory: Path) -> frozenset[tuple[str, int, int]]:
    """Return path, size and modification time (ns) of every file: it changes when the directory's content does."""
    files = set()
    for folder, _, names in os.walk(directory):
        for path in (Path(folder, name) for name in names):
            try:
                stat = path.stat()
            except OSError:
                continue
            files.add((str(path.relative_to(directory)), stat.st_size, stat.st_mtime_ns))
    return frozenset(files)


def _numbered_directories(model_base_path: Path) -> dict[int, Path]:
    try:
        # `isdigit` alone would take digits of other scripts.
        entries = [entry for entry in model_base_path.iterdir() if entry.name.isascii() and entry.name.isdigit()]
    except OSError:
        # It is not there yet, or went away while we looked: the next poll looks again.
        return {}
    return {int(entry.name): entry for entry in entries if int(entry.name) <= _HIGHEST and entry.is_dir()}


def _is_whole(directory: Path) -> bool:
    try:
        return (directory / SAVED_MODEL).is_file()
    except OSError:
        # One that we may not enter must not keep the others from being found.
        return False
