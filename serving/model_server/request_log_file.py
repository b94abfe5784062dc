"""One TFRecord file of the request log: whole under its name, whatever happens while it is written."""

import fcntl
import glob
import os
import secrets
import struct
import time
from collections import Counter
from pathlib import Path
from typing import BinaryIO

from serving.feedback.tf_record import masked_crc

_ASIDE = "."
"""What the name of a file begins with that is still being written."""
_ENDING = ".tfrecord"
_HEADER_BYTES, _CHECKSUM_BYTES = 12, 4


class RequestLogFile:
    """A file that takes records until `finish` gives it its name: PREFIX-TIME-RANDOM.tfrecord.

    While it is open it is locked, so that `adopt_leftovers` of another process leaves it alone.

    Args:
        prefix: Folder and beginning of the name; the folder is made if absent.

    Raises:
        OSError: The folder or the file cannot be made.
    """

    def __init__(self, prefix: Path) -> None:
        """Create the file under a name that begins with a dot."""
        stamp = f"{time.time_ns() // 1_000:016d}-{secrets.token_hex(8)}"
        self._path = prefix.with_name(f"{prefix.name}-{stamp}{_ENDING}")
        self._aside = _aside(self._path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._aside, "xb", buffering=0)  # noqa: SIM115 - `finish` closes it
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.size = 0
        self.started = time.monotonic()
        self.records: Counter[str] = Counter()

    def write(self, record: bytes, model: str) -> None:
        """Append a record, and count it for a model.

        Raises:
            OSError: It could not be written; what was written of it is cut off by the next call.
        """
        length = struct.pack("<Q", len(record))
        frame = memoryview(b"".join((length, masked_crc(length), record, masked_crc(record))))
        self._cut_torn_record()
        while frame:
            frame = frame[self._file.write(frame) :]
        self.size = self._file.tell()
        self.records[model] += 1

    def finish(self) -> None:
        """Flush to the disk, close, and give the file its name.

        Raises:
            OSError: Its records may be lost.
        """
        try:
            self._cut_torn_record()
            os.fsync(self._file.fileno())
            os.replace(self._aside, self._path)
        finally:
            self._file.close()

    def _cut_torn_record(self) -> None:
        if self._file.tell() != self.size:
            self._file.truncate(self.size)
            self._file.seek(self.size)


def adopt_leftovers(prefix: Path) -> None:
    """Give their names to files that a process left which was killed, without a last record that is not whole."""
    beginning = glob.escape(_aside(prefix).name)
    for aside in prefix.parent.glob(f"{beginning}-*{_ENDING}"):
        try:
            with aside.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                size = _whole_size(file)
                file.truncate(size)
                if size:
                    os.replace(aside, aside.with_name(aside.name.removeprefix(_ASIDE)))
                else:
                    aside.unlink()
        except OSError:
            # It is being written by another process, or is not ours to change.
            continue


def _whole_size(file: BinaryIO) -> int:
    """Bytes of the records from the file's beginning that are whole."""
    whole, size = 0, os.fstat(file.fileno()).st_size
    while whole < size:
        header = file.read(_HEADER_BYTES)
        if len(header) < _HEADER_BYTES or header[8:] != masked_crc(header[:8]):
            break
        (length,) = struct.unpack("<Q", header[:8])
        if whole + _HEADER_BYTES + length + _CHECKSUM_BYTES > size:
            break
        record = file.read(length)
        if file.read(_CHECKSUM_BYTES) != masked_crc(record):
            break
        whole = file.tell()
    return whole


def _aside(path: Path) -> Path:
    return path.with_name(_ASIDE + path.name)
