"""Text files that are rewritten record by record, compressed with gzip or not."""

import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO, cast

from tfx_pipeline.write_aside import write_aside

Records = Callable[[TextIO], Iterable[tuple[str, str]]]
"""Gives each record of a file as (text as it stands, text that takes its place)."""


def rewrite(path: Path, records: Records) -> int:
    """Replace records of a text file; all others stay byte for byte.

    Returns:
        The number of records that changed; the file is not touched if there is none.
    """
    with _open(path, "rt") as file:
        changed = sum(before != after for before, after in records(file))
    if changed:
        with write_aside(path) as aside, _open(path, "rt") as file, _open(aside, "wt") as target:
            target.writelines(after for _, after in records(file))
    return changed


def lines(edit: Callable[[str], str]) -> Records:
    """Records that are lines."""

    def records(file: TextIO) -> Iterator[tuple[str, str]]:
        return ((line, edit(line)) for line in file)

    return records


def _open(path: Path, mode: str) -> TextIO:
    opened = gzip.open if path.suffix == ".gz" else open
    # What is not UTF-8 comes out as it went in.
    return cast(TextIO, opened(path, mode, encoding="utf-8", errors="surrogateescape", newline=""))
