"""The numbered version directories of a model, as the pusher leaves them."""

from pathlib import Path

SAVED_MODEL = "saved_model.pb"


def find_versions(model_base_path: Path) -> dict[int, Path]:
    """Return version -> directory for every numbered subdirectory that contains `saved_model.pb`.

    A directory without that file is being copied, and is left alone.
    """
    try:
        # `isdigit` alone would take digits of other scripts.
        numbered = [entry for entry in model_base_path.iterdir() if entry.name.isascii() and entry.name.isdigit()]
        return {int(entry.name): entry for entry in numbered if (entry / SAVED_MODEL).is_file()}
    except OSError:
        # It is not there yet, or went away while we looked: the next poll looks again.
        return {}


def fingerprint(directory: Path) -> frozenset[tuple[str, int, int]]:
    """Return path, size and modification time (ns) of every file: it changes when the directory's content does."""
    files = set()
    for path in directory.rglob("*"):
        try:
            stat = path.stat()
        except OSError:
            continue
        files.add((str(path.relative_to(directory)), stat.st_size, stat.st_mtime_ns))
    return frozenset(files)
