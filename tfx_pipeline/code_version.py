"""A hash of our own code, so that outputs of older code are not taken from the cache."""

import hashlib
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def code_version(*parts: str) -> str:
    """Hash of the Python files under some paths.

    Args:
        parts: Files or folders relative to the root of the import packages, such as `trainer`.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        path = _ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(str(file.relative_to(_ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
