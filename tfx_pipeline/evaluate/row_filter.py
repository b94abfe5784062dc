"""Which rows of a table are read: those whose columns have the wanted values."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.values import mask_of, trimmed


class RowFilter:
    """Keeps the rows that have one of the wanted values in every named column.

    Attributes:
        columns: The named columns.
    """

    def __init__(self, path: Path, wanted: Mapping[str, Sequence[str]], offered: Sequence[str]) -> None:
        """Check that the columns are there.

        Args:
            path: The file, for errors.
            wanted: Column -> its values; without a column every row is kept.
            offered: The columns of the file.

        Raises:
            DataError: The file lacks a column.
        """
        self._path, self._wanted, self.columns = path, wanted, list(wanted)
        for column in self.columns:
            if column not in offered:
                raise DataError(f"{path}: --where needs column {column!r}, but the file has {', '.join(offered)}")

    def rows_of(self, table: pa.Table) -> NDArray[np.int64]:
        """Numbers of the rows that are kept; [M] int64.

        Raises:
            DataError: None is kept, or a column holds no values that could be compared.
        """
        keep = np.ones(len(table), bool)
        for column, values in self._wanted.items():
            keep &= mask_of(pc.is_in(self._texts(table, column), value_set=pa.array(values, pa.string())))
        if not keep.any():
            conditions = (f"{column}={' or '.join(values)}" for column, values in self._wanted.items())
            raise DataError(f"{self._path}: no row has {' and '.join(conditions)}")
        return np.flatnonzero(keep)

    def _texts(self, table: pa.Table, column: str) -> pa.Array:
        values = table[column].combine_chunks()
        try:
            return trimmed(values)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"{self._path}: --where cannot compare {column}, which holds {values.type}") from error
