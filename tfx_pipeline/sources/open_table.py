"""The right reader for a source file."""

from pyarrow import fs

from tfx_pipeline.sources.bigquery_reader import BigQueryReader
from tfx_pipeline.sources.csv_reader import CsvReader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.file_kinds import KNOWN_ENDINGS, format_of, is_tab_separated
from tfx_pipeline.sources.jsonl_reader import JsonLinesReader
from tfx_pipeline.sources.parquet_reader import ParquetReader
from tfx_pipeline.sources.partitioned_reader import PartitionedReader
from tfx_pipeline.sources.readers import Reader
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.sources.streams import file_info, one_line
from tfx_pipeline.sources.tfrecord_reader import TfRecordReader
from tfx_pipeline.table_config import CsvConfig, TableConfig


def open_table(file: SourceFile, table: TableConfig) -> Reader:
    """Open a file of a table by the table's format, or else by the name of the file.

    Raises:
        DataError: The file is missing, empty, of another kind, or not what its name says; or BigQuery refuses.
    """
    if table.bigquery is not None:
        return BigQueryReader(table.bigquery)
    path = file.path
    info = file_info(path)
    if info.type == fs.FileType.NotFound:
        raise DataError(f"{path}: no such file")
    if info.type != fs.FileType.File:
        raise DataError(f"{path}: not a file")
    if table.format is None and format_of(path) is None:
        raise DataError(f"{path}: cannot read this kind of file, only {KNOWN_ENDINGS}, unless format says what it is")
    if info.size == 0:
        raise DataError(f"{path}: the file is empty")
    try:
        reader = _reader(path, table)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or one_line(error)}") from error
    return PartitionedReader(reader, file.partition) if file.partition else reader


def _reader(path: str, table: TableConfig) -> Reader:
    kind = table.format or format_of(path)
    if kind == "parquet":
        return ParquetReader(path)
    if kind == "jsonl":
        return JsonLinesReader(path)
    if kind == "tfrecord":
        return TfRecordReader(path)
    return CsvReader(path, _csv_of(path, table))


def _csv_of(path: str, table: TableConfig) -> CsvConfig:
    """How a file of values is written: a `.tsv` has tabs, unless the configuration names another delimiter."""
    if is_tab_separated(path) and "delimiter" not in table.csv.model_fields_set:
        return table.csv.model_copy(update={"delimiter": "\t"})
    return table.csv
