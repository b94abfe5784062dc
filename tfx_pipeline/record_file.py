"""TFRecord files, compressed with gzip: what TensorFlow and Beam read."""

import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import google_crc32c

from tfx_pipeline.write_aside import write_aside

_LEVEL = 1
"""The fastest: examples of one user repeat much, so even this takes most of the size away."""
_FLUSH_BYTES = 1 << 20


def write_records(path: Path, records: Iterable[bytes]) -> int:
    """Write records to a file that appears whole or not at all.

    Each is framed as TensorFlow does: length, masked CRC-32C of the length, data, masked CRC-32C of the data.

    Returns:
        The number of records.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    count, waiting, size = 0, [], 0
    # The same records give the same bytes: zlib's gzip header, unlike Python's gzip module, holds no time.
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    with write_aside(path) as aside, aside.open("wb") as file:
        for record in records:
            waiting += [_header(len(record)), record, masked_crc(record)]
            count, size = count + 1, size + len(record)
            if size > _FLUSH_BYTES:
                file.write(compressor.compress(b"".join(waiting)))
                waiting, size = [], 0
        file.write(compressor.compress(b"".join(waiting)))
        file.write(compressor.flush())
    return count


@lru_cache(maxsize=1 << 14)
def _header(length: int) -> bytes:
    encoded = struct.pack("<Q", length)
    return encoded + masked_crc(encoded)


def masked_crc(data: bytes) -> bytes:
    """The CRC-32C of some bytes, masked as TFRecord files have it: rotated, plus a constant."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
