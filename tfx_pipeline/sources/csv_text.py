"""The text of a CSV file as Arrow wants it: in UTF-8, with one character between the fields."""

import codecs
import io
import itertools
from collections.abc import Iterator

import pyarrow as pa

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.streams import blocks, open_stream
from tfx_pipeline.table_config import CsvConfig

SEPARATOR = "\x1f"
"""Stands for a delimiter that is not one ASCII character; ASCII calls it the unit separator."""

_BLOCK_BYTES = 1 << 20


class CsvText(io.RawIOBase):
    """The bytes of a CSV file, recoded as they are read, in a `with` block.

    Attributes:
        quotes: Number of quotation marks that were read so far.
    """

    def __init__(self, path: str, written: CsvConfig) -> None:
        """Open the file at its start; `written` says how it is written."""
        self.quotes = 0
        self._stream = open_stream(path)
        if not is_utf8(written.encoding):
            self._stream = pa.transcoding_input_stream(self._stream, written.encoding, "utf-8")
        # Arrow would check only the columns that are read, but malformed rows are shown whole.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._delimiter = written.delimiter.encode()
        self._held_back = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none only at the end.

        Raises:
            UnicodeDecodeError: The file is not in its encoding.
        """
        read: bytes = self._stream.read(max(size - len(self._held_back), 1) if size >= 0 else None)
        self._decoder.decode(read, final=not read)
        self.quotes += read.count(b'"')
        if len(self._delimiter) == 1:
            return read
        replaced = (self._held_back + read).replace(self._delimiter, SEPARATOR.encode())
        # What may be the start of a delimiter waits for the rest of it.
        kept = len(replaced) - (_overlap(replaced, self._delimiter) if read else 0)
        self._held_back = replaced[kept:]
        return replaced[:kept] if kept or not read else self.read(size)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As `read`, into a buffer."""
        # The buffers of the standard library are far longer than any delimiter.
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()


def is_utf8(encoding: str) -> bool:
    """Whether this is a name of UTF-8."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig")


def arrow_delimiter(written: CsvConfig) -> str:
    """The character between the fields of `CsvText`."""
    return written.delimiter if len(written.delimiter.encode()) == 1 else SEPARATOR


def undecodable(path: str, encoding: str) -> DataError:
    """The error of a file that is not in its encoding, with the line of the first byte that is wrong."""
    name = "UTF-8" if is_utf8(encoding) else encoding
    return DataError(f"{path}: not {name} text in line {_undecodable_line(path, encoding)}")


def lines_of(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Blocks of text to blocks of whole lines without their ends, which are `\\n`, `\\r` or `\\r\\n`."""
    rest = b""
    for text in texts:
        text = rest + text
        # A carriage return at the very end may be half of a line end.
        whole = max(text.rfind(b"\n"), text.rfind(b"\r", 0, len(text) - 1)) + 1
        rest = text[whole:]
        yield text[:whole].splitlines()
    yield rest.splitlines()


def _undecodable_line(path: str, encoding: str) -> int:
    with open_stream(path) as stream:
        # The line of the wrong byte is never empty: a letter stands for that byte.
        texts = itertools.chain(_decodable(blocks(stream, _BLOCK_BYTES), encoding), [b"x"])
        return sum(len(lines) for lines in lines_of(texts))


def _decodable(texts: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The text in UTF-8, up to the first byte that is wrong."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for text in texts:
            yield decoder.decode(text).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        yield error.object[: error.start].decode(error.encoding, "ignore").encode()


def _overlap(text: bytes, delimiter: bytes) -> int:
    """Number of bytes at the end of the text that a delimiter may begin with."""
    return next(length for length in range(len(delimiter) - 1, -1, -1) if text.endswith(delimiter[:length]))
