"""CSV as people write it: rows, row numbers and lines."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tfx_pipeline.sources import csv_reader, csv_text
from tfx_pipeline.sources.csv_reader import CsvReader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.table_config import CsvConfig

Save = Callable[[str, str | bytes], Path]
Rows = dict[int, tuple[str, ...]]


def read(path: Path, *columns: str, **written: Any) -> tuple[Rows, dict[int, str]]:
    """Rows by number, and malformed rows by number."""
    rows: Rows = {}
    malformed: dict[int, str] = {}
    for batch in CsvReader(str(path), CsvConfig(**written)).batches(columns):
        values = [column.to_pylist() for column in batch.records.columns]
        rows |= dict(zip(batch.rows.tolist(), zip(*values, strict=True), strict=True))
        malformed |= {bad.row: bad.text for bad in batch.malformed}
        assert {bad.reason for bad in batch.malformed} <= {"wrong number of fields"}
        assert batch.rows_read == len(batch.rows) + len(batch.malformed)
    return rows, malformed


def lines(path: Path, rows: list[int], **written: Any) -> list[int]:
    return CsvReader(str(path), CsvConfig(**written)).lines(np.array(rows, np.int64)).tolist()


def test_malformed_rows_keep_their_numbers(save: Save) -> None:
    path = save("a.csv", 'id,text\n1,a\n2\n\n3,"b\nc"\n4,d,e\n05,"f ""g"""\n6\n')
    assert read(path, "id", "text") == (
        {1: ("1", "a"), 3: ("3", "b\nc"), 5: ("05", 'f "g"')},
        {2: "2", 4: "4,d,e", 6: "6"},
    )
    assert lines(path, [1, 2, 3, 4, 5, 6]) == [2, 3, 5, 7, 8, 9]


def test_only_malformed_rows(save: Save) -> None:
    assert read(save("a.csv", "id,text\n1\n2\n"), "id") == ({}, {1: "1", 2: "2"})


def test_row_numbers_across_blocks(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 64)
    text = [f"{row},x" if row % 7 else f"{row}" for row in range(1, 500)]
    path = save("a.csv", "id,text\n" + "\n".join(text) + "\n")
    rows, malformed = read(path, "id")
    assert rows == {row: (str(row),) for row in range(1, 500) if row % 7}
    assert malformed == {row: str(row) for row in range(7, 500, 7)}
    assert lines(path, [1, 250, 251, 499]) == [2, 251, 252, 500]


def test_lines_are_found_in_any_order_of_calls(save: Save) -> None:
    reader = CsvReader(str(save("a.csv", 'id,text\n\n1,"\n"\n\n2,a\n3,b\n')))
    found = [reader.lines(np.array(rows, np.int64)).tolist() for rows in ([2], [3, 3], [1, 3], [], [1])]
    assert found == [[6], [7, 7], [3, 7], [], [3]]


def test_a_byte_order_mark_and_windows_line_ends(save: Save) -> None:
    assert read(save("a.csv", "\ufeffid,text\r\n1,ä\r\n"), "id", "text") == ({1: ("1", "ä")}, {})


def test_gzip_in_several_members(save: Save) -> None:
    path = save("a.csv.gz", gzip.compress(b"id,text\n1,a\n") + gzip.compress(b"2,b\n"))
    assert read(path, "id") == ({1: ("1",), 2: ("2",)}, {})
    assert lines(path, [2]) == [3]


def test_quotes_inside_a_value_are_no_quotation(save: Save) -> None:
    path = save("a.csv", 'id,text\n1,5" pipe\n2,b\n')
    assert read(path, "id", "text") == ({1: ("1", '5" pipe'), 2: ("2", "b")}, {})
    assert lines(path, [2]) == [3]


def test_without_quoting_a_quotation_mark_is_a_character(save: Save) -> None:
    path = save("a.csv", 'id,text\n1,"a\n2,"b"\n')
    assert read(path, "id", "text", quoting=False) == ({1: ("1", '"a'), 2: ("2", '"b"')}, {})
    assert lines(path, [2], quoting=False) == [3]


def test_names_for_a_file_without_header(save: Save) -> None:
    path = save("a.csv", "1,a\n2\n\n3,c\n")
    assert read(path, "text", "id", header=["id", "text"]) == ({1: ("a", "1"), 3: ("c", "3")}, {2: "2"})
    assert lines(path, [1, 2, 3], header=["id", "text"]) == [1, 2, 4]


@pytest.mark.parametrize("delimiter", ["::", "§", "|~|", ":::"])
@pytest.mark.parametrize("block", [1, 5, 7, 1 << 20])
def test_long_delimiters(save: Save, monkeypatch: pytest.MonkeyPatch, delimiter: str, block: int) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", block + 20)
    text = "id::text\n1::Toy Story: (1995)\n2\n3::::\n4::\"a::b\"\n5::c|\n".replace("::", delimiter)  # fmt: skip
    path = save("a.dat", text)
    rows, malformed = read(path, "id", "text", delimiter=delimiter)
    expected = {1: ("1", "Toy Story: (1995)"), 4: ("4", f"a{delimiter}b"), 5: ("5", "c|")}
    assert (rows, malformed) == (expected, {2: "2", 3: f"3{delimiter * 2}"})
    with csv_text.CsvText(str(path), CsvConfig(delimiter=delimiter)) as pieces:
        whole = b"".join(iter(lambda: pieces.read(block + 3), b""))
    assert whole.decode() == text.replace(delimiter, "\x1f")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-8-sig", "UTF8"])
def test_encodings(save: Save, encoding: str) -> None:
    path = save("a.csv", 'größe,text\n1,Käse\n2,"é\n"\n3\n'.encode(encoding))
    assert read(path, "größe", "text", encoding=encoding) == ({1: ("1", "Käse"), 2: ("2", "é\n")}, {3: "3"})
    assert lines(path, [3], encoding=encoding) == [5]


HEADER = b"id,text\n"


@pytest.mark.parametrize(
    ("content", "written", "line"),
    [
        ("ü,item_id\n".encode("latin-1"), {}, "not UTF-8 text in line 1"),
        (HEADER + b"1,a\n" * 2000 + b"\xfc,b\n", {}, "not UTF-8 text in line 2002"),
        (HEADER + b'1,"a\r\n\r\n"\r\n\xfc,b\n', {}, "not UTF-8 text in line 5"),
        (HEADER + b"1,\xe4\xb8", {}, "not UTF-8 text in line 2"),
        (HEADER + b"1,a\n" * 2000 + b"2\xfc\n", {}, "not UTF-8 text in line 2002"),
        (HEADER + b"1,a\n2,\x81\n", {"encoding": "cp1252"}, "not cp1252 text in line 3"),
        ("id\n1\n2\n".encode("utf-16") + b"\x00\xd8\n\x00", {"encoding": "utf-16"}, "not utf-16 text in line 4"),
        ("id\n1\n".encode("utf-16"), {}, "binary data, not CSV text"),
        (b"id\n", {"encoding": "martian"}, "there is no encoding 'martian'"),
        (b"\n\n", {}, "the file has no header"),
        (b"a,b,a\n", {}, "column 'a' occurs twice"),
        (b"1,2\n", {"header": ["a"]}, "csv.header names 1 columns, but the first row has 2"),
        (HEADER + b"1," + b"x" * 500, {}, "a row is longer than 100 bytes"),
        (HEADER + b"1,a\n\n2,\"" + b"x\n" * 500, {}, "a quote that opens in row 2 is never closed"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(
    save: Save, monkeypatch: pytest.MonkeyPatch, content: bytes, written: dict[str, Any], line: str
) -> None:
    monkeypatch.setattr(csv_reader, "BLOCK_BYTES", 100)
    path = save("a.csv", content)
    with pytest.raises(DataError) as caught:
        read(path, *CsvReader(str(path), CsvConfig(**written)).columns, **written)
    assert str(caught.value) == f"{path}: {line}"


@pytest.mark.parametrize("ending", ["", "\n", "\n3,c\n", "x" * 200_000 + "\n"])
def test_a_quote_that_is_never_closed_swallows_nothing_silently(save: Save, ending: str) -> None:
    path = save("a.csv", 'id,text\n1,a\n2,"b' + ending)
    with pytest.raises(DataError) as caught:
        read(path, "id", "text")
    assert str(caught.value) == f"{path}: a quote that opens in row 2 is never closed"


Field = st.text(st.sampled_from('a,"\n\r; é'), max_size=5)
Quoted = Field.map(lambda text: '"' + text.replace('"', '""') + '"')
Plain = st.text(st.sampled_from('a"; é'), max_size=4).filter(lambda text: not text.startswith('"'))
Row = st.lists(Quoted | Plain, min_size=1, max_size=3).map(",".join)
LineEnd = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\n\r\n"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.lists(st.tuples(Row, LineEnd)), st.booleans(), st.integers(30, 200))
@example([('"\r"', "\n"), ("a,a", "\r\n\r\n"), ('"a""\n",', "\r"), ("a", "\n")], True, 40)
def test_it_agrees_with_the_standard_library(
    save: Save, written: list[tuple[str, str]], has_last_end: bool, block: int
) -> None:
    text = "x,y\n" + "".join(row + end for row, end in written)
    text = text if has_last_end else text.rstrip("\r\n")
    reader = csv.reader(_lines_of(text))
    expected, starts = {}, {}
    next(reader)
    seen = reader.line_num
    for record in reader:
        if record:
            expected[len(expected) + 1] = record
            starts[len(starts) + 1] = seen + 1
        seen = reader.line_num
    path = save("a.csv", text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_reader, "BLOCK_BYTES", block)
        rows, malformed = read(path, "x", "y")
        found = lines(path, list(expected))
    assert rows == {row: tuple(record) for row, record in expected.items() if len(record) == 2}
    assert sorted(malformed) == [row for row, record in expected.items() if len(record) != 2]
    assert found == list(starts.values())


def _lines_of(text: str) -> list[str]:
    """Lines with their ends, as a file opened with `newline=""` has them."""
    return [line.decode() for line in text.encode().splitlines(keepends=True)]
