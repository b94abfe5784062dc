"""Tables that a mapping cannot read as published, rewritten once as Parquet."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfx_pipeline.code_version import code_version
from tfx_pipeline.write_aside import write_aside

ROWS = 20_000
"""Rows of a piece that is prepared at a time."""

_SOURCES = b"shoprank.sources"

logger = logging.getLogger(__name__)


def prepare(path: Path, sources: Sequence[Path], schema: pa.Schema, tables: Iterable[pa.Table]) -> Path:
    """Write a table, unless it is there and neither its sources nor our code have changed since.

    Args:
        path: The Parquet file.
        sources: The published files that it is made from.
        schema: Its columns.
        tables: The rows, in pieces; not touched where the file can be used as it is.

    Returns:
        `path`.
    """
    state = _state(sources)
    if path.is_file() and (pq.read_schema(path).metadata or {}).get(_SOURCES) == state:
        return path
    logger.info("preparing %s from %s", path, ", ".join(source.name for source in sources))
    with write_aside(path) as aside, pq.ParquetWriter(aside, schema.with_metadata({_SOURCES: state})) as writer:
        for table in tables:
            writer.write_table(table.cast(schema).replace_schema_metadata({_SOURCES: state}))
    return path


def _state(sources: Sequence[Path]) -> bytes:
    """Names, sizes and times of change of the sources, with the version of our code, as a hash in hexadecimal."""
    digest = hashlib.blake2b(code_version("tfx_pipeline/datasets").encode(), digest_size=16)
    for source in sources:
        facts = source.stat()
        digest.update(f"\0{source.resolve()}\0{facts.st_size}\0{facts.st_mtime_ns}".encode())
    return digest.hexdigest().encode()
