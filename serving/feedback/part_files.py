"""Part files of the log: each is whole or absent, whatever happens while it is written."""

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from serving.feedback.schema import TABLES, Column, Row

Format = Literal["parquet", "tfrecord"]
FORMATS: tuple[Format, ...] = ("parquet", "tfrecord")
"""Formats of a part file; the name of a file ends in its format."""
ASIDE = "."
"""What the names of files begin with that are still being written."""


class FeedbackLogError(RuntimeError):
    """Rows could not be written; the message is one line with the place and the reason."""


def write_part(folder: Path, table: str, part_format: Format, rows: Sequence[Row]) -> Path:
    """Write rows to a new part file of a table: to a file aside first, which is then renamed.

    Parts of several processes and machines never have the same name.

    Args:
        folder: The log; made if absent.
        table: `shown` or `outcomes`.
        part_format: `parquet` or `tfrecord`.
        rows: At least one.

    Returns:
        The new file.

    Raises:
        FeedbackLogError: The folder cannot be made or written, or the disk is full; then there is no new file.
    """
    path = folder / table / f"{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(8)}.{part_format}"
    aside = path.with_name(ASIDE + path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _writer(part_format)(aside, TABLES[table], rows)
        _make_durable(aside)
        os.replace(aside, path)
        _make_durable(path.parent)
    except OSError as error:
        raise FeedbackLogError(f"{path.parent}: cannot write {len(rows)} rows of the feedback log: {error}") from error
    finally:
        _remove(aside)
    return path


def _writer(part_format: Format) -> Callable[[Path, Sequence[Column], Sequence[Row]], None]:
    # A shop that writes one format needs the packages of that format alone.
    if part_format == "parquet":
        from serving.feedback.parquet import write_parquet

        return write_parquet
    from serving.feedback.tf_example import encode
    from serving.feedback.tf_record import write_records

    return lambda path, columns, rows: write_records(path, (encode(columns, row) for row in rows))


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    # What cannot be removed is never read: its name begins with a dot.
    with suppress(OSError):
        path.unlink(missing_ok=True)
