"""CSV files: quarantined rows, and tables with a column of user ids such as predictions."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from tfx_pipeline.forgetting import text_files
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.long_fields import long_fields
from trainer.features import USER_ID

_COLUMN, _REASON, _VALUE = "column", "reason", "value"

IsOfUser = Callable[[list[str]], bool]


def erase(path: Path, user: User) -> int:
    """Rewrite a file without the rows of a user; the others stay byte for byte.

    A row of a quarantine file goes if it shows the user's id as the value of a user column, or anywhere in a row that
    could not be read: nobody can tell what its fields are.

    Returns:
        The number of rows removed; the file is not touched if there is none.

    Raises:
        csv.Error: The file is not CSV.
    """

    def records(file: TextIO) -> Iterator[tuple[str, str]]:
        rows = _rows(file)
        header, text = next(rows, ([], ""))
        yield text, text
        is_of_user = _condition(header, user)
        for row, text in rows:
            yield text, "" if is_of_user is not None and is_of_user(row) else text

    with long_fields():
        return text_files.rewrite(path, records)


def _rows(file: TextIO) -> Iterator[tuple[list[str], str]]:
    """Each row, and the text it was read from."""
    consumed: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            consumed.append(line)
            yield line

    for row in csv.reader(lines()):
        yield row, "".join(consumed)
        consumed.clear()


def _condition(header: list[str], user: User) -> IsOfUser | None:
    """What the rows of the user satisfy; None for a table that has no users."""
    if USER_ID in header:
        place = header.index(USER_ID)
        return lambda row: len(row) > place and row[place] in user.ids
    if {_COLUMN, _REASON, _VALUE} <= set(header):
        return lambda row: _quarantined(dict(zip(header, row, strict=False)), user)
    return None


def _quarantined(row: dict[str, str], user: User) -> bool:
    column, value = row.get(_COLUMN, ""), row.get(_VALUE, "")
    if not column:
        return user.is_field_of(value)
    return column in user.columns and value.strip() in user.ids
