"""Read a table of the folder of real data."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tfx_pipeline.sources.errors import DataError


def read_rows(path: Path, columns: list[str]) -> pa.Table:
    """Read columns of a Parquet or CSV file; the columns of a CSV file are strings.

    Raises:
        DataError: The file is absent.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.suffix == ".parquet":
        return pq.read_table(path, columns=columns)
    types = pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), include_columns=columns)
    return pa.csv.read_csv(path, parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=types)
