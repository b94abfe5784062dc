"""The users whom a shop asked to forget, as hashes, so that later runs leave their rows out."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import Mask, plain
from tfx_pipeline.write_aside import write_aside

FORGOTTEN_USERS_FILE = "forgotten_users.txt"
"""Its name in a run directory: one hash a line, in the order of the requests."""

_PURPOSE = b"shoprank forget"
"""Personalisation of BLAKE2b: the hashes match no other list of hashed ids."""
_HASH = re.compile(r"[0-9a-f]{32}")


class ForgottenUsers:
    """The forgotten users of a run. It keeps what it read, so that workers need not reach the file."""

    def __init__(self, path: Path) -> None:
        """Read a file; one that does not exist names nobody.

        Raises:
            DataError: It cannot be read, or a line is no hash.
        """
        self._hashes = frozenset(_read(path))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._hashes)

    def mask(self, ids: pa.Array) -> Mask:
        """Which of some ids, as stored, are forgotten; strings `[N]` to bool `[N]`. Each distinct id is hashed once."""
        if not self._hashes or not len(ids):
            return np.zeros(len(ids), dtype=bool)
        encoded = plain(ids).dictionary_encode()
        forgotten = np.array([bool(each) and hash_of(each) in self._hashes for each in encoded.dictionary.to_pylist()])
        mask: Mask = forgotten[encoded.indices.to_numpy()]
        return mask


def add(run_dir: Path, user_id: str) -> None:
    """Put a user on the list of a run; once is enough.

    Args:
        run_dir: The run directory.
        user_id: The id as stored, so its keyed hash where ids are hashed.

    Raises:
        DataError: The id is empty, or the list cannot be read.
    """
    if not user_id:
        raise DataError("the id of the user to forget is empty")
    path = run_dir / FORGOTTEN_USERS_FILE
    hashes = _read(path)
    if hash_of(user_id) not in hashes:
        with write_aside(path) as aside:
            aside.write_text("".join(f"{each}\n" for each in [*hashes, hash_of(user_id)]), encoding="ascii")


def digest(path: Path) -> str:
    """What changes when the set of forgotten users does, for the keys of caches; '' while there is none.

    Raises:
        DataError: The file cannot be read, or a line is no hash.
    """
    hashes = sorted(set(_read(path)))
    return hashlib.blake2b("".join(hashes).encode(), digest_size=16).hexdigest() if hashes else ""


def hash_of(user_id: str) -> str:
    """What stands on the list for an id: its BLAKE2b (RFC 7693) without a key, 32 hexadecimal digits."""
    return hashlib.blake2b(user_id.encode(), digest_size=16, person=_PURPOSE).hexdigest()


def _read(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if not _HASH.fullmatch(line):
            raise DataError(f"{path}: line {number} is not a hash of 32 hexadecimal digits")
    return lines
