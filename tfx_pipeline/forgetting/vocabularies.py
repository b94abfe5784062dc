"""Vocabulary files: a line is a word, and its number is the row of every table of a model."""

import re
from collections.abc import Iterator
from pathlib import Path

from tfx_pipeline.forgetting.user import User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

_ASSETS = "assets"
# TensorFlow numbers the assets of a SavedModel that would have the same name.
_USER_ASSET = re.compile(rf"{USER_ID}(_\d+)?")


def is_user_vocabulary(path: Path) -> bool:
    """Whether a file is the vocabulary of users of a SavedModel."""
    return path.parent.name == _ASSETS and _USER_ASSET.fullmatch(path.name) is not None


def user_vocabularies(folder: Path) -> Iterator[Path]:
    """The vocabularies of users of all SavedModels under a folder."""
    return (path for path in sorted(folder.rglob(f"{_ASSETS}/{USER_ID}*")) if is_user_vocabulary(path))


def vocabulary_file(graph: Path, name: str) -> Path:
    """Where a transform graph (TFT) has a vocabulary."""
    return graph / "transform_fn" / _ASSETS / name


def read_rows(path: Path) -> dict[bytes, int]:
    """The row of each word."""
    # The last line ends with a line break.
    return {word: row for row, word in enumerate(path.read_bytes().splitlines())}


def rows_of(path: Path, user: User) -> frozenset[int]:
    """The rows of a user, also after `bury`; none where the file does not know them."""
    names = {each.encode() for each in (*user.ids, user.tombstone)}
    return frozenset(row for row, word in enumerate(_lines(path)) if word in names)


def holds(path: Path, user: User) -> bool:
    """Whether a vocabulary has the user's id itself."""
    return not {each.encode() for each in user.ids}.isdisjoint(_lines(path))


def bury(path: Path, user: User) -> int:
    """Put the tombstone in the user's line, so that all other rows stay what they are.

    Returns:
        The number of lines that changed.
    """
    ids = {each.encode() for each in user.ids}
    lines = _lines(path)
    found = sum(line in ids for line in lines)
    if found:
        with write_aside(path) as aside:
            aside.write_bytes(b"\n".join(user.tombstone.encode() if line in ids else line for line in lines))
    return found


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")
