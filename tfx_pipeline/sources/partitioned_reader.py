"""Files whose folders name columns, as Hive and Spark partition tables: `date=2020-01-01/part-0.parquet`."""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import pyarrow as pa

from tfx_pipeline.sources.readers import Batch, Reader, select
from tfx_pipeline.sources.values import Integers

_NULL = "__HIVE_DEFAULT_PARTITION__"


class PartitionedReader(Reader):
    """Another reader, with the columns of the folders as further columns of strings.

    A column that the file itself has under that name wins.
    """

    def __init__(self, reader: Reader, partition: Sequence[tuple[str, str]]) -> None:
        """Wrap the reader of a file; `partition` has names and values, percent-encoded as folders need it."""
        self.path = reader.path
        self._reader = reader
        self._values = {name: None if value == _NULL else unquote(value) for name, value in partition}
        for name in reader.columns:
            self._values.pop(name, None)
        self.columns = [*reader.columns, *self._values]

    @property
    def parts(self) -> int:
        """Parts of the file."""
        return self._reader.parts

    @property
    def size(self) -> int:
        """Rows of the file."""
        return self._reader.size

    def batches(self, columns: Sequence[str], part: int | None = None) -> Iterator[Batch]:
        """Read the named columns."""
        stored = [name for name in columns if name not in self._values] or self._reader.columns[:1]
        for batch in self._reader.batches(stored, part):
            records, length = batch.records, len(batch.records)
            arrays = [pa.repeat(pa.scalar(value, pa.string()), length) for value in self._values.values()]
            wide = pa.RecordBatch.from_arrays([*records.columns, *arrays], names=[*records.schema.names, *self._values])
            yield Batch(batch.rows, select(wide, columns), batch.malformed)

    def lines(self, rows: Integers) -> Integers:
        """Lines of the file."""
        return self._reader.lines(rows)
