"""A Parquet file with row groups of equal size, whatever size the tables come in."""

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq


class RowGroupWriter:
    """Writes tables one after the other; use it in a `with` block.

    All row groups but the last have `group_rows` rows. At most that many rows and one table wait in memory.
    """

    def __init__(self, path: Path, schema: pa.Schema, group_rows: int) -> None:
        """Create the file."""
        self._writer = pq.ParquetWriter(path, schema)
        self._group_rows = group_rows
        self._waiting = schema.empty_table()
        self._is_empty = True

    def write(self, table: pa.Table) -> None:
        """Add rows."""
        self._waiting = pa.concat_tables([self._waiting, table])
        full = len(self._waiting) - len(self._waiting) % self._group_rows
        if full:
            self._writer.write_table(self._waiting.slice(0, full), row_group_size=self._group_rows)
            self._is_empty = False
            self._waiting = self._waiting.slice(full)

    def __enter__(self) -> "RowGroupWriter":
        """Give back the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rows that wait and close the file."""
        # A table without rows has one group without rows: Arrow 18 cannot read a file without groups.
        if error is None and (len(self._waiting) or self._is_empty):
            self._writer.write_table(self._waiting)
        self._writer.close()
