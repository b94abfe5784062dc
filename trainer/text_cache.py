"""Text vectors on disk, keyed by the content of the text."""

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

logger = logging.getLogger(__name__)

KEY_BYTES = 16


class TextCache:
    """One npz file per encoder fingerprint: `keys` [M, 16] uint8 and `vectors` [M, width] float32."""

    def __init__(self, directory: Path, fingerprint: str, dimension: int) -> None:
        """Name the file in `directory`; nothing is read or written yet."""
        self.path = directory / f"text-{fingerprint}.npz"
        self.dimension = dimension

    def read(self) -> dict[bytes, np.ndarray]:
        """Read all vectors by `text_key`. A file that cannot be used is as good as none, with a warning."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                keys, vectors = file["keys"], file["vectors"]
        except FileNotFoundError:
            return {}
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            logger.warning("%s: unusable text cache, built anew: %s", self.path, " ".join(str(error).split()))
            return {}
        if keys.shape != (len(vectors), KEY_BYTES) or vectors.shape[1:] != (self.dimension,) or not _finite(vectors):
            logger.warning("%s: unusable text cache, built anew: unexpected contents", self.path)
            return {}
        return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}

    def write(self, vectors: dict[bytes, np.ndarray]) -> None:
        """Replace the file in one step, so that a reader never meets half of one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, KEY_BYTES)
        handle, aside = tempfile.mkstemp(dir=self.path.parent, suffix=".npz")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, keys=keys, vectors=np.stack(list(vectors.values())))
            os.replace(aside, self.path)
        except BaseException:
            os.unlink(aside)
            raise


def text_key(text: str) -> bytes:
    """Hash a text: 16 bytes of BLAKE2b over its UTF-8."""
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=KEY_BYTES).digest()


def text_keys(texts: Sequence[str]) -> list[bytes]:
    """Hash each of many texts."""
    return [text_key(text) for text in texts]


def _finite(vectors: np.ndarray) -> bool:
    return vectors.dtype == np.float32 and bool(np.isfinite(vectors).all())
