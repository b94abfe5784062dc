"""A hash of the shop's data, so that a cache sees when they change."""

import hashlib

import pyarrow as pa

from tfx_pipeline.sources.bigquery_reader import bigquery_state
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.source_files import source_files
from tfx_pipeline.sources.streams import blocks, locate, one_line
from tfx_pipeline.table_config import DataConfig, TableConfig

_CHUNK_BYTES = 1 << 20


def fingerprint(data: DataConfig) -> str:
    """Hash the contents of the input files with BLAKE2b (RFC 7693), 128 bits in hexadecimal.

    All tables count, and the window, the span and the partition of each file. Where the files lie does not count,
    nor does the mapping of their columns. Of a table in BigQuery the time of its last change counts.

    Raises:
        DataError: A file cannot be found or read, or BigQuery refuses.
    """
    total = hashlib.blake2b(digest_size=16)
    tables = dict(data.tables)
    if data.serving_log is not None:
        tables["serving_log"] = data.serving_log
    for name, table in tables.items():
        _add(total, name.encode())
        for part in _parts(table):
            _add(total, part)
    return total.hexdigest()


def _parts(table: TableConfig) -> list[bytes]:
    if table.bigquery is not None:
        return [bigquery_state(table.bigquery).encode()]
    parts = []
    for file in source_files(table):
        parts += [repr((file.window, file.span, file.partition)).encode(), _digest(file.path)]
    return parts


def _add(total: "hashlib.blake2b", part: bytes) -> None:
    # With its length no part can pass for the beginning of the next.
    total.update(len(part).to_bytes(8, "little") + part)


def _digest(path: str) -> bytes:
    content = hashlib.blake2b()
    system, place = locate(path)
    try:
        with system.open_input_stream(place, compression=None) as stream:
            for block in blocks(stream, _CHUNK_BYTES):
                content.update(block)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: {one_line(error)}") from error
    return content.digest()
