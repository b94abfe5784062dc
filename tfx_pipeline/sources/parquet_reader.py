"""Parquet files to Arrow batches."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.readers import BATCH_ROWS, Batch, Reader, check_names, select
from tfx_pipeline.sources.streams import one_line, open_file

PART_ROWS = 100_000
"""Rows that a part has at least, where the file has that many: small row groups are read together."""


class ParquetReader(Reader):
    """A Parquet file; its parts are neighbouring row groups.

    Raises:
        DataError: It is not Parquet, or a column name occurs twice.
    """

    def __init__(self, path: str) -> None:
        """Read the file's schema."""
        self.path = path
        try:
            self._file = pq.ParquetFile(open_file(path))
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a Parquet file") from error
        self.columns = list(self._file.schema_arrow.names)
        check_names(path, self.columns)
        metadata = self._file.metadata
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._parts = _parts(sizes)
        self._first_rows = list(accumulate((sum(sizes[group] for group in part) for part in self._parts), initial=1))

    @property
    def parts(self) -> int:
        """Number of parts that have at least `PART_ROWS` rows, if possible."""
        return len(self._parts)

    @property
    def size(self) -> int:
        """Number of rows."""
        return self._first_rows[-1] - 1

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns in batches of `BATCH_ROWS`."""
        groups = [group for groups in self._parts for group in groups] if part is None else self._parts[part]
        first_row = self._first_rows[part or 0]
        if not groups:  # Arrow 18 cannot read a file without groups.
            return
        try:
            for records in self._file.iter_batches(BATCH_ROWS, row_groups=groups, columns=list(columns)):
                yield Batch(np.arange(first_row, first_row + len(records)), select(records, columns))
                first_row += len(records)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path}: damaged after row {first_row - 1}: {one_line(error)}") from error


def _parts(sizes: Sequence[int]) -> list[list[int]]:
    """Neighbouring row groups of `sizes` rows, put together; a remainder goes to the last part."""
    parts: list[list[int]] = [[]]
    rows = 0
    for group, size in enumerate(sizes):
        if rows >= PART_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(group)
        rows += size
    if rows < PART_ROWS and len(parts) > 1:
        remainder = parts.pop()
        parts[-1] += remainder
    return parts
