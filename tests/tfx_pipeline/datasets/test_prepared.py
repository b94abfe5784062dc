"""Prepared tables are written once, and again when their sources change."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.datasets import prepared
from tfx_pipeline.datasets.prepared import prepare

SCHEMA = pa.schema([("a", pa.string())])


class Rows:
    def __init__(self, *values: str) -> None:
        self.values = values
        self.reads = 0

    def __iter__(self) -> Iterator[pa.Table]:
        self.reads += 1
        for value in self.values:
            yield pa.table({"a": [value]})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_text("one")
    return path


def test_written_once(tmp_path: Path, source: Path) -> None:
    target, rows = tmp_path / "new" / "a.parquet", Rows("x", "y")
    assert prepare(target, [source], SCHEMA, rows) == target
    assert prepare(target, [source], SCHEMA, rows) == target
    assert rows.reads == 1
    assert pq.read_table(target)["a"].to_pylist() == ["x", "y"]


@pytest.mark.parametrize("change", ["content", "time", "file", "code"])
def test_written_again(tmp_path: Path, source: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.parquet"
    prepare(target, [source], SCHEMA, Rows("old"))
    if change == "content":
        source.write_text("longer")
    elif change == "time":
        os.utime(source, (1, 1))
    elif change == "file":
        source = source.rename(tmp_path / "elsewhere.csv")
    else:
        monkeypatch.setattr(prepared, "code_version", lambda *parts: "another")
    prepare(target, [source], SCHEMA, Rows("new"))
    assert pq.read_table(target)["a"].to_pylist() == ["new"]


def test_no_rows(tmp_path: Path, source: Path) -> None:
    assert pq.read_table(prepare(tmp_path / "a.parquet", [source], SCHEMA, Rows())).schema.names == ["a"]


def test_after_an_error_nothing_is_there(tmp_path: Path, source: Path) -> None:
    def broken() -> Iterator[pa.Table]:
        yield pa.table({"a": ["x"]})
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        prepare(tmp_path / "run" / "a.parquet", [source], SCHEMA, broken())
    assert list((tmp_path / "run").iterdir()) == []
