"""A small shop on disk, and what ingestion made of it."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.ingest import ingest
from tfx_pipeline.table_config import DataConfig, TableConfig

EVENTS = """user_id,item_id,event_type,timestamp
u1,007,view,2017-01-01T00:00:00Z
u1,b,purchase,1483228801
u2,007,purchase,2017-01-01 02:00:00+02:00
"""
ITEMS = """item_id,title
007,"Tea, green"
b,Brot
"""


@pytest.fixture
def save(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file; text under a `.gz` name is compressed."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        raw = content.encode() if isinstance(content, str) else content
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(raw) if isinstance(content, str) and name.endswith(".gz") else raw)
        return path

    return write


@pytest.fixture
def shop(save: Callable[[str, str | bytes], Path]) -> Callable[..., DataConfig]:
    """A shop with CSV tables; `items=None` is a shop without an items table."""

    def make(events: str = EVENTS, items: str | None = ITEMS, **settings: Any) -> DataConfig:
        return DataConfig(
            events=TableConfig(path=save("events.csv", events)),
            items=None if items is None else TableConfig(path=save("items.csv", items)),
            **settings,
        )

    return make


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An empty directory, as a pipeline component is handed one."""
    directory = tmp_path / "out"
    directory.mkdir()
    return directory


@pytest.fixture(scope="session")
def bad_rows() -> Callable[[Path, str], list[tuple[int, str, str, str]]]:
    """Line, column, reason and value of every row in the quarantine file of a table."""

    def read(out: Path, table: str) -> list[tuple[int, str, str, str]]:
        with (out / "quarantine" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return [(int(row["line"]), row["column"], row["reason"], row["value"]) for row in csv.DictReader(file)]

    return read


@pytest.fixture(scope="session")
def rows_of() -> Callable[[pa.Table], list[tuple[Any, ...]]]:
    """The rows of a table as tuples."""
    return lambda table: [tuple(row.values()) for row in table.to_pylist()]


@pytest.fixture(scope="session")
def refusal() -> Callable[[DataConfig, Path], str]:
    """The one line with which ingestion ends; it must have left nothing."""

    def refuse(data: DataConfig, out: Path) -> str:
        with pytest.raises(DataError) as caught:
            ingest(data, ["buy"], out)
        assert list(out.iterdir()) == []
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refuse
