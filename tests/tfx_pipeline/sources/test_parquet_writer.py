"""Row groups of equal size."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.sources.parquet_writer import RowGroupWriter


@pytest.mark.parametrize("sizes", [[3, 0, 4, 12, 1], [10, 10], [25], [0], []])
def test_row_groups(tmp_path: Path, sizes: list[int]) -> None:
    schema = pa.schema([("n", pa.int64())])
    start = 0
    with RowGroupWriter(tmp_path / "a.parquet", schema, group_rows=5) as writer:
        for size in sizes:
            writer.write(pa.table({"n": pa.array(range(start, start + size), pa.int64())}))
            start += size
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert file.read()["n"].to_pylist() == list(range(start))
    groups = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert groups == [5] * (start // 5) + ([start % 5] if start % 5 or not start else [])
