"""Every format gives the same rows with the row numbers of its file, through the one way to open it."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import parquet_reader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.readers import ASSUMED_ROW_BYTES, Reader
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.table_config import TableConfig

Save = Callable[[str, str | bytes], Path]
Cell = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6)
TABLE = TableConfig(path="not read")


def reader_of(path: Path, **table: Any) -> Reader:
    return open_table(SourceFile(str(path)), TableConfig(path=path, **table))


def rows_of(reader: Reader, *columns: str, part: int | None = None) -> dict[int, tuple[Any, ...]]:
    """Rows by number; there must be no malformed one."""
    rows: dict[int, tuple[Any, ...]] = {}
    for batch in reader.batches(columns, part):
        assert batch.records.schema.names == list(columns)
        assert batch.malformed == []
        values = [column.to_pylist() for column in batch.records.columns]
        rows |= dict(zip(batch.rows.tolist(), zip(*values, strict=True), strict=True))
    return rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.tuples(Cell, Cell), min_size=1))
def test_all_formats_agree(save: Save, rows: list[tuple[str, str]]) -> None:
    rows = [("x" + first, second) for first, second in rows]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *rows])
    lines = "\n".join(json.dumps({"id": first, "text": second}) for first, second in rows)
    pq.write_table(pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]}), save("e.parquet", ""))
    expected = dict(enumerate(rows, start=1))
    for path in (
        save("a.csv", written.getvalue()),
        save("b.csv.gz", written.getvalue()),
        save("c.jsonl", lines),
        save("d.jsonl.gz", lines),
        save("x", "").with_name("e.parquet"),
    ):
        assert rows_of(reader_of(path), "text", "id") == {row: each[::-1] for row, each in expected.items()}


def test_parquet_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "BATCH_ROWS", 10)
    pq.write_table(pa.table({"id": range(25)}), tmp_path / "a.parquet")
    assert [batch.rows.tolist() for batch in reader_of(tmp_path / "a.parquet").batches(["id"])] == [
        list(range(1, 11)), list(range(11, 21)), list(range(21, 26)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "group", "parts"),
    [(0, 5, []), (4, 5, [4]), (10, 5, [10]), (50, 7, [14, 14, 22]), (31, 10, [10, 10, 11]), (25, 3, [12, 13])],
)
def test_parts_of_parquet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, group: int, parts: list[int]
) -> None:
    monkeypatch.setattr(parquet_reader, "PART_ROWS", 10)
    pq.write_table(pa.table({"id": pa.array(range(rows), pa.int64())}), tmp_path / "a.parquet", row_group_size=group)
    reader = reader_of(tmp_path / "a.parquet")
    assert reader.size == rows
    assert reader.parts == max(1, len(parts))
    found = [rows_of(reader, "id", part=part) for part in range(reader.parts)]
    assert [len(each) for each in found if each] == parts
    together = {row: value for each in found for row, value in each.items()}
    assert together == rows_of(reader, "id") == {row: (row - 1,) for row in range(1, rows + 1)}


def test_parquet_columns_with_points_in_their_names(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a.b": [1], "a": [2], "c": [3]}), tmp_path / "a.parquet")
    assert rows_of(reader_of(tmp_path / "a.parquet"), "a") == {1: (2,)}
    assert rows_of(reader_of(tmp_path / "a.parquet"), "c", "a.b") == {1: (3, 1)}


def test_columns_of_folders(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": [5, 6], "kind": ["x", "y"]}), path)
    partition = (("date", "2020-01-01"), ("shop", "a%2Fb"), ("kind", "z"), ("lost", "__HIVE_DEFAULT_PARTITION__"))
    reader = open_table(SourceFile(str(path), partition=partition), TABLE)
    assert reader.columns == ["id", "kind", "date", "shop", "lost"]
    assert (reader.parts, reader.size) == (1, 2)
    assert rows_of(reader, "shop", "kind", "id", "date", "lost", part=0) == {
        1: ("a/b", "x", 5, "2020-01-01", None),
        2: ("a/b", "y", 6, "2020-01-01", None),
    }
    assert rows_of(reader, "date") == {1: ("2020-01-01",), 2: ("2020-01-01",)}


def test_size_of_text_is_a_guess_from_its_bytes(save: Save) -> None:
    plain, packed = save("a.csv", "id\n" + "1\n" * 1000), save("b.csv.gz", "id\n" + "1\n" * 1000)
    assert reader_of(plain).size == 2003 // ASSUMED_ROW_BYTES + 1
    assert reader_of(packed).size > packed.stat().st_size // ASSUMED_ROW_BYTES


@pytest.mark.parametrize(
    ("name", "given", "columns"),
    [
        ("a.tsv", {}, ["a,b", "c"]),
        ("a.TSV", {"csv": {"delimiter": ","}}, ["a", "b\tc"]),
        ("u.data", {"format": "csv"}, ["a", "b\tc"]),
        ("u.data", {"format": "csv", "csv": {"delimiter": "\t"}}, ["a,b", "c"]),
    ],
)
def test_the_format_tells_the_delimiter(save: Save, name: str, given: dict[str, Any], columns: list[str]) -> None:
    assert reader_of(save(name, "a,b\tc\n1,2\t3\n"), **given).columns == columns


def test_an_address_is_read_like_a_path(save: Save) -> None:
    path = save("wäre {x} %20.csv.gz", "id\n1\n")
    for address in (str(path), f"file://{path}"):
        reader = open_table(SourceFile(address), TABLE)
        assert rows_of(reader, "id") == {1: ("1",)}
        assert reader.lines(next(reader.batches(["id"])).rows).tolist() == [2]


@pytest.mark.parametrize(
    ("name", "content", "given", "line"),
    [
        ("a.json", "{}", {}, "cannot read this kind of file, only .csv, .tsv, .jsonl, .parquet and .tfrecord, unless "
         "format says what it is"),
        ("a.parquet.gz", "id", {}, "cannot read this kind of file, only .csv, .tsv, .jsonl, .parquet and .tfrecord, "
         "unless format says what it is"),
        ("a.tfrecord", b"", {}, "the file is empty"),
        ("a.jsonl.gz", "", {}, "the file is empty"),
        ("a.dat", b"PAR1", {"format": "parquet"}, "not a Parquet file"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00" + b"\xff" * 20, {}, "a damaged gzip file: zlib inflate failed: "),
    ],
)  # fmt: skip
def test_files_that_cannot_be_opened(
    save: Save, name: str, content: str | bytes, given: dict[str, Any], line: str
) -> None:
    path = save(name, content)
    with pytest.raises(DataError) as caught:
        reader_of(path, **given)
    found = str(caught.value)
    assert found.startswith(f"{path}: {line}") if line.endswith(": ") else found == f"{path}: {line}"


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path, line in ((tmp_path / "none.csv", "no such file"), (tmp_path, "not a file")):
        with pytest.raises(DataError) as caught:
            reader_of(path)
        assert str(caught.value) == f"{path}: {line}"


def test_an_unknown_store() -> None:
    with pytest.raises(DataError) as caught:
        open_table(SourceFile("http://shop/events.csv"), TABLE)
    assert str(caught.value).startswith("http://shop/events.csv: Unrecognized filesystem type in URI")
