"""Files by their path, or by their address in a store such as `gs://` and `s3://`, as streams of bytes."""

from collections.abc import Iterator
from functools import lru_cache
from typing import IO
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from tfx_pipeline.sources.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b\x08"
_START_BYTES = 4096


def is_address(path: str) -> bool:
    """Whether a path is the address of a file elsewhere."""
    return "://" in path


def split_address(path: str) -> tuple[str, str, str]:
    """An address in three parts that joined give it back: where the store is, the path there, and its options.

    A path on this machine has nothing but the middle part.
    """
    if not is_address(path):
        return "", path, ""
    scheme, rest = path.split("://", 1)
    rest, question_mark, options = rest.partition("?")
    store, slash, place = rest.partition("/")
    return f"{scheme}://{store}", slash + place, question_mark + options


def file_name(path: str) -> str:
    """The last part of a path, in lower case."""
    return split_address(path)[1].rsplit("/", 1)[-1].lower()


def locate(path: str) -> tuple[fs.FileSystem, str]:
    """The file system of a path, and the path as that file system knows it.

    Raises:
        DataError: There is no such store, or it cannot be reached.
    """
    store, place, options = split_address(path)
    if not store:
        return fs.LocalFileSystem(), place
    try:
        system, root = _file_system(store, options)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: {one_line(error)}") from error
    return system, root.rstrip("/") + place


def file_info(path: str) -> fs.FileInfo:
    """Type and size of what is at a path.

    Raises:
        DataError: The store cannot be reached.
    """
    system, place = locate(path)
    try:
        return system.get_file_info(place)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: {one_line(error)}") from error


def open_file(path: str) -> pa.NativeFile:
    """Open a file for reading anywhere in it."""
    system, place = locate(path)
    return system.open_input_file(place)


def open_stream(path: str) -> pa.NativeFile:
    """Open a file for reading from start to end, decompressed where its name ends in `.gz`."""
    system, place = locate(path)
    return system.open_input_stream(place, compression="gzip" if is_gzip(path) else None)


def is_gzip(path: str) -> bool:
    """Whether the name of a file says that it is compressed."""
    return file_name(path).endswith(".gz")


def blocks(stream: IO[bytes] | pa.NativeFile, size: int) -> Iterator[bytes]:
    """The bytes of a stream, about `size` at a time."""
    while block := stream.read(size):
        yield block


def first_bytes(path: str, kind: str) -> bytes:
    """The start of a file, decompressed where its name ends in `.gz`.

    Args:
        path: The file.
        kind: What it should be, for the message.

    Raises:
        DataError: It is compressed though its name does not say so, or the other way round; damaged, or empty.
    """
    with open_file(path) as file:
        compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    if is_gzip(path) != compressed:
        raise DataError(f"{path}: " + ("not a gzip file" if is_gzip(path) else f"a gzip file, not {kind}"))
    try:
        with open_stream(path) as stream:
            start: bytes = stream.read(_START_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: a damaged gzip file: {one_line(error)}") from error
    if not start:
        raise DataError(f"{path}: the file is empty")
    return start


def one_line(error: BaseException) -> str:
    """The message of an error of a library, on one line."""
    return " ".join(str(error).split())


@lru_cache
def _file_system(store: str, options: str) -> tuple[fs.FileSystem, str]:
    # Only the store is parsed, because Arrow refuses addresses with spaces, braces or letters beyond ASCII.
    root = store if urlsplit(store).netloc else store + "/"
    return fs.FileSystem.from_uri(root + options)
