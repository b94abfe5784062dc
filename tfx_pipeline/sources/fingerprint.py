"""A hash of the shop's files, so that a cache sees when they change."""

import hashlib
from pathlib import Path

from tfx_pipeline.config import DataConfig
from tfx_pipeline.sources.errors import DataError

_CHUNK_BYTES = 1 << 20


def fingerprint(data: DataConfig) -> str:
    """Hash the contents of the input files with BLAKE2b (RFC 7693), 128 bits in hexadecimal.

    Where the files lie does not count, nor does the mapping of their columns.

    Raises:
        DataError: A file cannot be read.
    """
    total = hashlib.blake2b(digest_size=16)
    for name, table in (("events", data.events), ("items", data.items)):
        total.update(name.encode())
        if table is not None:
            total.update(_digest(table.path))
    return total.hexdigest()


def _digest(path: Path) -> bytes:
    content = hashlib.blake2b()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                content.update(chunk)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    return content.digest()
