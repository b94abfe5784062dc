"""Named arrays in an .npz file that is whole or absent."""

import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.bandit.checked_arrays import Strings, string_array

Content = TypeVar("Content")


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write the file; a reader sees the old file or the whole new one, also after a crash of the machine."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            np.savez(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_arrays(path: Path, kind: str, build: Callable[[Mapping[str, Any]], Content]) -> Content:
    """What `build` makes of the arrays of the file.

    Args:
        path: Where it is.
        kind: What it should hold, for messages: "posterior".
        build: Raises ValueError for arrays that are not of that kind.

    Raises:
        ValueError: The file is missing, is not such a file, lacks a field, or `build` refuses it; the message starts
            with the path.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return build(stored)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or 'cannot be read as .npz'}") from error
    except KeyError as error:
        raise ValueError(f"{path}: no field {error.args[0].split(' ')[0]}") from error
    except (ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: not a {kind}: {error}") from error


def text_bytes(strings: Strings) -> NDArray[np.uint8]:
    """Strings as bytes of JSON: an array of NumPy's strings would take the length of the longest for each."""
    return np.frombuffer(json.dumps(strings.tolist()).encode(), np.uint8)


def text_of(values: NDArray[np.uint8]) -> Strings:
    """The strings of `text_bytes`.

    Raises:
        ValueError: They are not such bytes.
    """
    strings = json.loads(values.tobytes())
    return string_array("item_ids", strings if isinstance(strings, list) else [strings])
