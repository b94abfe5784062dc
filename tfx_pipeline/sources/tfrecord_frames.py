"""The records of a TFRecord file: each stands between its length and checksums."""

import struct
from collections.abc import Iterator
from typing import IO

from tfx_pipeline.record_file import masked_crc
from tfx_pipeline.sources.errors import DataError

_LENGTH_BYTES, _CRC_BYTES = 8, 4


def records_of(stream: IO[bytes], path: str) -> Iterator[bytes]:
    """Read the records of an uncompressed stream.

    Raises:
        DataError: The file ends in the midst of a record, or a checksum (masked CRC-32C) does not match.
    """
    number = 1
    while length := stream.read(_LENGTH_BYTES):
        size_check = stream.read(_CRC_BYTES)
        if len(length) < _LENGTH_BYTES or len(size_check) < _CRC_BYTES:
            raise DataError(f"{path}: cut off in record {number}")
        if masked_crc(length) != size_check:
            raise DataError(f"{path}: damaged in record {number}: the checksum of its length does not match")
        (size,) = struct.unpack("<Q", length)
        record, check = stream.read(size), stream.read(_CRC_BYTES)
        if len(record) < size or len(check) < _CRC_BYTES:
            raise DataError(f"{path}: cut off in record {number}")
        if masked_crc(record) != check:
            raise DataError(f"{path}: damaged in record {number}: the checksum of its data does not match")
        yield record
        number += 1
