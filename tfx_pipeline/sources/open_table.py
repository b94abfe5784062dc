"""The right reader for a file, by its name."""

from pathlib import Path

from tfx_pipeline.sources.csv_reader import CsvReader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.parquet_reader import ParquetReader
from tfx_pipeline.sources.readers import Reader, one_line


def open_table(path: Path) -> Reader:
    """Open a `.csv`, `.csv.gz` or `.parquet` file.

    Raises:
        DataError: The file is missing, empty, of another kind, or not what its name says.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if not path.is_file():
        raise DataError(f"{path}: not a file")
    name = path.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise DataError(f"{path}: cannot read this kind of file, only .csv, .csv.gz and .parquet")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty")
    try:
        return ParquetReader(path) if name.endswith(".parquet") else CsvReader(path)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or one_line(error)}") from error
