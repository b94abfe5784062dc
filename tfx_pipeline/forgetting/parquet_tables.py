"""Parquet tables with a column of user ids."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.forgetting.user import User
from tfx_pipeline.write_aside import write_aside
from trainer.features import USER_ID


def erase(path: Path, user: User) -> int:
    """Rewrite a table without the rows of a user; order, row groups, compression and metadata stay.

    Returns:
        The number of rows removed; the file is not touched if there is none.

    Raises:
        pyarrow.ArrowInvalid: The file is not Parquet.
    """
    with pq.ParquetFile(path) as file:
        if USER_ID not in file.schema_arrow.names:
            return 0
        removed = sum(_named(file, group, user) for group in range(file.num_row_groups))
        if removed:
            with write_aside(path) as aside, pq.ParquetWriter(aside, file.schema_arrow, **_codec(file)) as writer:
                for group in range(file.num_row_groups):
                    _copy_others(file.read_row_group(group), user, writer)
    return removed


def _named(file: pq.ParquetFile, group: int, user: User) -> int:
    """Rows of the user in a row group."""
    ids = file.read_row_group(group, columns=[USER_ID])[USER_ID]
    return pc.sum(_is_user(ids, user)).as_py() or 0


def _copy_others(table: pa.Table, user: User, writer: pq.ParquetWriter) -> None:
    kept = table.filter(pc.invert(_is_user(table[USER_ID], user)))
    for index, column in enumerate(kept.columns):
        if pa.types.is_dictionary(column.type):
            # A filtered dictionary still has the words that no row uses any more.
            plain = column.cast(column.type.value_type)
            kept = kept.set_column(index, kept.schema.field(index), plain.dictionary_encode().cast(column.type))
    if len(kept):
        writer.write_table(kept, row_group_size=len(kept))


def _is_user(ids: pa.ChunkedArray, user: User) -> pa.ChunkedArray:
    return pc.is_in(ids.cast(pa.string()), value_set=pa.array(sorted(user.ids), pa.string()))


def _codec(file: pq.ParquetFile) -> dict[str, str]:
    if not file.num_row_groups:
        return {}
    name = file.metadata.row_group(0).column(0).compression
    return {"compression": "NONE" if name == "UNCOMPRESSED" else name}
