"""TensorFlow's `ram://` for Apache Beam, so that its steps read and write the same store as `tf.io.gfile` does."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

import tensorflow as tf
from apache_beam.io.filesystem import CompressedFile, CompressionTypes, FileMetadata, FileSystem
from tensorflow.python.lib.io import file_io

gfile = tf.io.gfile
_rename, _list_directory = gfile.rename, gfile.listdir


def rename(source: str, destination: str, overwrite: bool = False) -> None:
    """Move a folder with all that is in it, as `gs://` does: `ram://` moves the entry of the folder and no file."""
    if not (str(source).startswith("ram://") and gfile.isdir(source)):
        _rename(source, destination, overwrite)
        return
    for folder, _, names in list(gfile.walk(source)):
        target = folder.rstrip("/").replace(str(source).rstrip("/"), str(destination).rstrip("/"), 1)
        gfile.makedirs(target)
        for name in names:
            gfile.copy(f"{folder.rstrip('/')}/{name}", f"{target}/{name}", overwrite=overwrite)
    gfile.rmtree(source)


def list_directory(path: str) -> list[str]:
    """What is in a folder: `ram://` lists `assets.extra` as a file `.extra` of the folder `assets` beside it."""
    names: list[str] = _list_directory(path)
    if not str(path).startswith("ram://"):
        return names
    return [name for name in names if gfile.exists(f"{str(path).rstrip('/')}/{name.rstrip('/')}")]


gfile.rename = rename  # TensorFlow Transform moves the graph that it wrote into place.
gfile.listdir = file_io.list_directory_v2 = list_directory  # The second is what `gfile.walk` calls.


class _Buffer(BytesIO):
    """A file that is written when it is closed: `ram://` cannot say how far a writer has come."""

    mode = "wb"

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        if not self.closed:
            with gfile.GFile(self._path, "wb") as file:
                file.write(self.getvalue())
        super().close()


class RamFiles(FileSystem):
    """Beam finds it by its scheme, among the subclasses of `FileSystem`."""

    @classmethod
    def scheme(cls) -> str:
        return "ram"

    def join(self, basepath: str, *paths: str) -> str:
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path: str) -> tuple[str, str]:
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path: str) -> None:
        gfile.makedirs(path)

    def has_dirs(self) -> bool:
        return True

    def _list(self, dir_or_prefix: str) -> Iterator[FileMetadata]:
        top = dir_or_prefix if gfile.isdir(dir_or_prefix) else self.split(dir_or_prefix)[0]
        for folder, _, names in gfile.walk(top):
            for name in names:
                yield self.metadata(self.join(folder, name))

    def _open(self, path: str, mode: str, compression: str) -> BinaryIO:
        if compression == CompressionTypes.AUTO:
            compression = CompressionTypes.detect_compression_type(path)
        raw: Any = _Buffer(path) if mode == "wb" else gfile.GFile(path, mode)
        return raw if compression == CompressionTypes.UNCOMPRESSED else CompressedFile(raw, compression)

    def create(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        gfile.makedirs(self.split(path)[0])
        return self._open(path, "wb", compression_type)

    def open(self, path: str, mime_type: str = "", compression_type: str = CompressionTypes.AUTO) -> BinaryIO:
        return self._open(path, "rb", compression_type)

    def copy(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, destination in zip(source_file_names, destination_file_names, strict=True):
            gfile.copy(source, destination, overwrite=True)

    def rename(self, source_file_names: list[str], destination_file_names: list[str]) -> None:
        for source, destination in zip(source_file_names, destination_file_names, strict=True):
            gfile.rename(source, destination, overwrite=True)

    def exists(self, path: str) -> bool:
        return gfile.exists(path)

    def size(self, path: str) -> int:
        return gfile.stat(path).length

    def last_updated(self, path: str) -> float:
        return gfile.stat(path).mtime_nsec / 1e9

    def checksum(self, path: str) -> str:
        return str(self.size(path))

    def metadata(self, path: str) -> FileMetadata:
        return FileMetadata(path, self.size(path))

    def delete(self, paths: list[str]) -> None:
        for path in paths:
            gfile.rmtree(path) if gfile.isdir(path) else gfile.remove(path)
