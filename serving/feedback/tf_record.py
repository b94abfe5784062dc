"""TFRecord files without TensorFlow: uncompressed records, each with checksums of its length and its data."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import google_crc32c

_LENGTH_BYTES, _CHECKSUM_BYTES = 8, 4


def write_records(path: Path, records: Iterable[bytes]) -> None:
    """Write records to a file: length, masked CRC-32C of the length, data, masked CRC-32C of the data."""
    with path.open("wb") as file:
        for record in records:
            length = struct.pack("<Q", len(record))
            file.write(b"".join((length, masked_crc(length), record, masked_crc(record))))


def read_records(path: Path) -> Iterator[bytes]:
    """Yield the records of a file.

    Raises:
        ValueError: The file ends within a record, or a checksum is wrong; the message names the record, from 1.
    """
    with path.open("rb") as file:
        number = 1
        while length := file.read(_LENGTH_BYTES):
            if len(length) < _LENGTH_BYTES or file.read(_CHECKSUM_BYTES) != masked_crc(length):
                raise ValueError(f"record {number} has no valid length")
            (size,) = struct.unpack("<Q", length)
            record = file.read(size)
            if len(record) < size or file.read(_CHECKSUM_BYTES) != masked_crc(record):
                raise ValueError(f"record {number} is cut short or its checksum is wrong")
            yield record
            number += 1


def masked_crc(data: bytes) -> bytes:
    """The CRC-32C of some bytes, masked as TFRecord files have it: rotated by 15 bits, plus a constant."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
