"""The catalogue of a shop that has no items table: the items that occur in its events."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tfx_pipeline.sources.contract import ITEM_COLUMNS, missing_values
from tfx_pipeline.sources.parquet_writer import RowGroupWriter
from tfx_pipeline.sources.readers import BATCH_ROWS
from tfx_pipeline.sources.report import TableReport


class DistinctItems:
    """Collects item ids, in the order of their first event."""

    def __init__(self) -> None:
        """Start with no item."""
        self._ids: pa.Array = pa.array([], pa.string())

    def add(self, events: pa.Table) -> None:
        """Take the ids of more events."""
        ids = pc.unique(events["item_id"])
        is_new = pc.invert(pc.is_in(ids, value_set=self._ids))
        self._ids = pa.concat_arrays([self._ids, ids.filter(is_new)])

    def write(self, path: Path) -> TableReport:
        """Write an items table in which nothing but the ids is known."""
        arrays = {"item_id": self._ids}
        for column in ITEM_COLUMNS[1:]:
            arrays[column.name] = missing_values(column, len(self._ids))
        table = pa.table(arrays)
        with RowGroupWriter(path, table.schema, BATCH_ROWS) as writer:
            writer.write(table)
        return TableReport(rows_read=len(table), rows_kept=len(table))
