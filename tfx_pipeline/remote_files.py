"""Files and folders by their address, `gs://…` as well as a path of this machine, through `tf.io.gfile`."""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tfx_pipeline.errors import PipelineError

_LAST = "saved_model.pb"


def register_stores() -> None:
    """Make the stores of tensorflow-io known to `tf.io.gfile`, and so to TFX, where it is installed: `s3://`."""
    if find_spec("tensorflow_io") is not None:
        import_module("tensorflow_io")


def is_remote(address: str) -> bool:
    """Whether an address names a store such as `gs://`, and not a path of this machine."""
    return "://" in address


def join(address: str, relative: str) -> str:
    """The address of what has a relative path below another address; the address itself for ''."""
    return f"{address.rstrip('/')}/{relative}" if relative else address


def exists(address: str) -> bool:
    """Whether there is a file or a folder.

    Raises:
        PipelineError: The store cannot be reached.
    """
    import tensorflow as tf

    with _in_one_line(address):
        return bool(tf.io.gfile.exists(address))


def list_files(folder: str) -> list[str]:
    """The relative paths of all files below a folder, sorted; none where there is no such folder.

    Raises:
        PipelineError: The store cannot be reached.
    """
    import tensorflow as tf

    found = []
    with _in_one_line(folder):
        for place, _, names in tf.io.gfile.walk(folder):
            below = place.rstrip("/").removeprefix(folder.rstrip("/")).lstrip("/")
            found += [posixpath.join(below, name) for name in names]
    return sorted(found)


def copy_file(source: str, destination: str) -> None:
    """Copy one file over what is there; folders are made where they are missing.

    Raises:
        PipelineError: The source is missing or a store refuses.
    """
    import tensorflow as tf

    with _in_one_line(f"{source} to {destination}"):
        tf.io.gfile.makedirs(posixpath.dirname(destination))
        tf.io.gfile.copy(source, destination, overwrite=True)


def copy_tree(source: str, destination: str) -> None:
    """Copy a file, or all files below a folder.

    A store has no renaming of folders, so a version appears file by file: saved_model.pb comes last, without which
    nobody can load it. A folder without files leaves nothing behind in a store; on a disk it is made.

    Raises:
        PipelineError: A store refuses.
    """
    names = list_files(source)
    if not names and exists(source) and not _is_folder(source):
        copy_file(source, destination)
        return
    if not is_remote(destination):
        Path(destination).mkdir(parents=True, exist_ok=True)
    for name in sorted(names, key=lambda name: (posixpath.basename(name) == _LAST, name)):
        copy_file(join(source, name), join(destination, name))


def _is_folder(address: str) -> bool:
    import tensorflow as tf

    with _in_one_line(address):
        return bool(tf.io.gfile.isdir(address))


@contextmanager
def _in_one_line(address: str) -> Iterator[None]:
    import tensorflow as tf

    try:
        yield
    except tf.errors.UnimplementedError as error:
        raise PipelineError(
            f"{address}: this TensorFlow knows no such store; gs:// comes with it, s3:// with the package tensorflow-io"
        ) from error
    except tf.errors.OpError as error:
        raise PipelineError(f"{address}: {' '.join(str(error.message).split()) or type(error).__name__}") from error
