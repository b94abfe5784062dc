"""Downloads as their publishers write them, tiny."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.config import Config

Save = Callable[[str, str | bytes], Path]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where a user's download lies."""
    folder = tmp_path / "download"
    folder.mkdir()
    return folder


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """Where a run would write; not there yet."""
    return tmp_path / "run"


@pytest.fixture
def save(data_dir: Path) -> Save:
    """Write a file of the download; content under a `.gz` name is compressed."""

    def write(name: str, content: str | bytes) -> Path:
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return path

    return write


class Ingested:
    """What ingestion made of a configuration."""

    def __init__(self, config: Config, destination: Path) -> None:
        from tfx_pipeline.sources.ingest import ingest

        destination.mkdir()
        self.destination = destination
        self.report = ingest(config.data, config.event_types, destination)

    def events(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the events, sorted by user and time."""
        table = pa.concat_tables([pq.read_table(path) for path in sorted((self.destination / "events").iterdir())])
        ordered = table.sort_by([("user_id", "ascending"), ("timestamp", "ascending")])
        return _rows(ordered, columns)

    def items(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the items, in their order."""
        return _rows(pq.read_table(self.destination / "items.parquet"), columns)

    def users(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the users, in their order."""
        return _rows(pq.read_table(self.destination / "users.parquet"), columns)

    def judgments(self, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of the judgments, in their order."""
        return _rows(pq.read_table(self.destination / "judgments.parquet"), columns)


def _rows(table: pa.Table, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


@pytest.fixture
def ingested(tmp_path: Path) -> Callable[[Config], Ingested]:
    """Ingest the data of a configuration."""
    return lambda config: Ingested(config, tmp_path / "out")
