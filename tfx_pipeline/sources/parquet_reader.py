"""Parquet files to Arrow batches."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.readers import BATCH_ROWS, Batch, Reader, check_names, one_line


class ParquetReader(Reader):
    """A Parquet file.

    Raises:
        DataError: It is not Parquet, or a column name occurs twice.
    """

    def __init__(self, path: Path) -> None:
        """Read the file's schema."""
        self.path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{path}: not a Parquet file") from error
        self.columns = list(self._file.schema_arrow.names)
        check_names(path, self.columns)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Read the named columns in batches of `BATCH_ROWS`."""
        first_row = 1
        try:
            for records in self._file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
                yield Batch(np.arange(first_row, first_row + len(records)), records)
                first_row += len(records)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path}: damaged after row {first_row - 1}: {one_line(error)}") from error
