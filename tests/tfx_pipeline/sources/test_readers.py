"""CSV, compressed CSV and Parquet give the same rows with the row numbers of their file."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import csv_reader, parquet_reader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.open_table import open_table

Save = Callable[[str, str | bytes], Path]
Cell = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6)


def read(path: Path, *columns: str) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Rows by number, and malformed rows by number."""
    rows: dict[int, tuple[str, ...]] = {}
    malformed: dict[int, str] = {}
    for batch in open_table(path).batches(columns):
        values = [batch.records.column(batch.records.schema.get_field_index(name)).to_pylist() for name in columns]
        rows |= dict(zip(batch.rows.tolist(), zip(*values, strict=True), strict=True))
        malformed |= {bad.row: bad.text for bad in batch.malformed}
        assert batch.rows_read == len(batch.rows) + len(batch.malformed)
    return rows, malformed


def test_malformed_rows_keep_their_numbers(save: Save) -> None:
    path = save("a.csv", 'id,text\n1,a\n2\n\n3,"b\nc"\n4,d,e\n05,"f ""g"""\n6\n')
    assert read(path, "id", "text") == (
        {1: ("1", "a"), 3: ("3", "b\nc"), 5: ("05", 'f "g"')},
        {2: "2", 4: "4,d,e", 6: "6"},
    )


def test_only_malformed_rows(save: Save) -> None:
    assert read(save("a.csv", "id,text\n1\n2\n"), "id") == ({}, {1: "1", 2: "2"})


def test_row_numbers_across_blocks(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 64)
    lines = [f"{row},x" if row % 7 else f"{row}" for row in range(1, 500)]
    rows, malformed = read(save("a.csv", "id,text\n" + "\n".join(lines) + "\n"), "id")
    assert rows == {row: (str(row),) for row in range(1, 500) if row % 7}
    assert malformed == {row: str(row) for row in range(7, 500, 7)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(Cell, Cell), min_size=1))
def test_csv_gzip_and_parquet_agree(save: Save, rows: list[tuple[str, str]]) -> None:
    rows = [("x" + first, second) for first, second in rows]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("id", "text"), *rows])
    table = pa.table({"id": [row[0] for row in rows], "text": [row[1] for row in rows]})
    pq.write_table(table, save("c.parquet", ""), row_group_size=3)
    expected = dict(enumerate(rows, start=1))
    for path in (
        save("a.csv", written.getvalue()),
        save("b.csv.gz", written.getvalue()),
        save("x", "").with_name("c.parquet"),
    ):
        assert read(path, "id", "text") == (expected, {})


def test_byte_order_mark_and_windows_line_ends(save: Save) -> None:
    assert read(save("a.csv", "\ufeffid,text\r\n1,ä\r\n"), "id", "text") == ({1: ("1", "ä")}, {})


def test_gzip_in_several_members(save: Save) -> None:
    path = save("a.csv.gz", gzip.compress(b"id,text\n1,a\n") + gzip.compress(b"2,b\n"))
    assert read(path, "id") == ({1: ("1",), 2: ("2",)}, {})


def test_parquet_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "BATCH_ROWS", 10)
    pq.write_table(pa.table({"id": range(25)}), tmp_path / "a.parquet")
    assert [batch.rows.tolist() for batch in open_table(tmp_path / "a.parquet").batches(["id"])] == [
        list(range(1, 11)), list(range(11, 21)), list(range(21, 26)),
    ]  # fmt: skip


def test_quotes_inside_a_value_are_no_quotation(save: Save) -> None:
    path = save("a.csv", 'id,text\n1,5" pipe\n2,b\n')
    assert read(path, "id", "text") == ({1: ("1", '5" pipe'), 2: ("2", "b")}, {})


@pytest.mark.parametrize("ending", ["", "\n", "\n3,c\n", "x" * 200_000 + "\n"])
def test_a_quote_that_is_never_closed_swallows_nothing_silently(save: Save, ending: str) -> None:
    path = save("a.csv", 'id,text\n1,a\n2,"b' + ending)
    with pytest.raises(DataError) as caught:
        read(path, "id", "text")
    assert str(caught.value) == f"{path}: a quote that opens in row 2 is never closed"
