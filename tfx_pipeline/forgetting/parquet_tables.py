"""Rows out of Parquet tables."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.forgetting.user import User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID


def erase(path: Path, user: User) -> int:
    """Rewrite a table without the rows of a user, see `drop_rows`; a table without users stays.

    Returns:
        The number of rows removed; the file is not touched if there is none.

    Raises:
        ValueError: The file is not sound Parquet.
    """
    with _sound_parquet(path) as file:
        if USER_ID not in file.schema_arrow.names:
            return 0
    return drop_rows(path, USER_ID, user.ids)


def drop_rows(path: Path, column: str, values: Collection[str]) -> int:
    """Rewrite a table without the rows that have one of some values; order, row groups, compression and metadata stay.

    Returns:
        The number of rows removed; the file is not touched if there is none.

    Raises:
        ValueError: The file is not sound Parquet, or has no such column.
    """
    with _sound_parquet(path, column) as file:
        groups = range(file.num_row_groups)
        removed = sum(_count(file.read_row_group(group, columns=[column])[column], values) for group in groups)
        if removed:
            with write_aside(path) as aside, pq.ParquetWriter(aside, file.schema_arrow, **_codec(file)) as writer:
                for group in groups:
                    _copy_others(file.read_row_group(group), column, values, writer)
    return removed


def values_where(path: Path, wanted: str, column: str, values: Collection[str]) -> list[str]:
    """What a column says in the rows in which another has one of some values.

    Raises:
        ValueError: The file is not sound Parquet, or has no such columns.
    """
    with _sound_parquet(path, wanted, column) as file:
        if not file.metadata.num_rows:
            return []
        table = file.read(columns=[wanted, column])
    found: list[str] = table[wanted].filter(_is_in(table[column], values)).cast(pa.string()).drop_null().to_pylist()
    return found


def count_rows(path: Path) -> int:
    """The number of rows of a sound table."""
    return int(pq.read_metadata(path).num_rows)


@contextmanager
def _sound_parquet(path: Path, *columns: str) -> Iterator[pq.ParquetFile]:
    """Open a file that has some columns; damage, whenever it is found, is a ValueError."""
    try:
        with pq.ParquetFile(path) as file:
            for column in columns:
                if column not in file.schema_arrow.names:
                    raise ValueError(f"{path}: there is no column {column}")
            yield file
    except OSError as error:
        # Arrow reports damaged pages as if the disk had failed, but without a number of the system.
        if error.errno is None:
            raise ValueError(f"{path}: not a sound Parquet file") from error
        raise


def _count(column: pa.ChunkedArray, values: Collection[str]) -> int:
    return pc.sum(_is_in(column, values)).as_py() or 0


def _copy_others(table: pa.Table, name: str, values: Collection[str], writer: pq.ParquetWriter) -> None:
    kept = table.filter(pc.invert(_is_in(table[name], values)))
    for index, column in enumerate(kept.columns):
        if pa.types.is_dictionary(column.type):
            # A filtered dictionary still has the words that no row uses any more.
            plain = column.cast(column.type.value_type)
            kept = kept.set_column(index, kept.schema.field(index), plain.dictionary_encode().cast(column.type))
    # Written even if nothing is kept: Arrow 18 cannot read a file without groups.
    writer.write_table(kept, row_group_size=max(len(kept), 1))


def _is_in(column: pa.ChunkedArray, values: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(column.cast(pa.string()), value_set=pa.array(sorted(values), pa.string()))


def _codec(file: pq.ParquetFile) -> dict[str, str]:
    if not file.num_row_groups:
        return {}
    name = file.metadata.row_group(0).column(0).compression
    return {"compression": "NONE" if name == "UNCOMPRESSED" else name}
