"""Part files of the feedback log: the slates of a user, and the outcomes of some slates."""

from collections.abc import Collection
from itertools import compress
from pathlib import Path

from serving.feedback.schema import SHOWN
from serving.feedback.tf_example import decode
from serving.feedback.tf_record import read_records, write_records
from tfx_pipeline.forgetting import parquet_tables
from tfx_pipeline.forgetting.user import User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID

_PARQUET, _REQUEST_ID = ".parquet", "request_id"
_COLUMNS = {column.name: column for column in SHOWN if column.name in (USER_ID, _REQUEST_ID)}


def requests_of(path: Path, user: User) -> set[str]:
    """The ids of the slates of a user in a part of `shown`.

    Raises:
        ValueError: The part is damaged, or has no such column.
    """
    if path.suffix == _PARQUET:
        return set(parquet_tables.values_where(path, _REQUEST_ID, USER_ID, user.ids))
    records = (record for record in read_records(path) if _value(path, record, USER_ID) in user.ids)
    return {_value(path, record, _REQUEST_ID) for record in records}


def erase_slates(path: Path, user: User) -> int:
    """Rewrite a part of `shown` without the slates of a user; a part that has no others is removed.

    Returns:
        The number of slates removed; the part is not touched if there is none.

    Raises:
        ValueError: The part is damaged, or has no column of users.
    """
    return _drop(path, USER_ID, user.ids)


def erase_outcomes(path: Path, requests: Collection[str]) -> int:
    """Rewrite a part of `outcomes` without those of some slates; a part that has no others is removed.

    Returns:
        The number of outcomes removed; the part is not touched if there is none.

    Raises:
        ValueError: The part is damaged, or has no column of requests.
    """
    return _drop(path, _REQUEST_ID, requests)


def _drop(path: Path, column: str, values: Collection[str]) -> int:
    if path.suffix != _PARQUET:
        return _drop_records(path, column, values)
    removed = parquet_tables.drop_rows(path, column, values)
    if removed and not parquet_tables.count_rows(path):
        path.unlink()
    return removed


def _drop_records(path: Path, column: str, values: Collection[str]) -> int:
    kept = [_value(path, record, column) not in values for record in read_records(path)]
    if not any(kept) and kept:
        path.unlink()
    elif not all(kept):
        with write_aside(path) as aside:
            write_records(aside, compress(read_records(path), kept))
    return kept.count(False)


def _value(path: Path, record: bytes, column: str) -> str:
    value: str | None = decode([_COLUMNS[column]], record)[column]
    if value is None:
        raise ValueError(f"{path}: there is no {column}")
    return value
