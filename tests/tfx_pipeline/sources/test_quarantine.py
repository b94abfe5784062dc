"""The file of rejected rows."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.long_fields import long_fields
from tfx_pipeline.sources import contract, quarantine
from tfx_pipeline.sources.quarantine import HEADER, first_rejected, write_quarantine
from tfx_pipeline.sources.rejected import SCHEMA, reject
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.table_config import TableConfig

Save = Callable[[str, str | bytes], Path]


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file, long_fields():
        return list(csv.reader(file))


def test_rows_are_in_the_order_of_the_source_and_have_its_lines(save: Save, tmp_path: Path) -> None:
    lines = ["zeit,preis", '1,"a', 'b"', "", "2,x", "3,y", "4,z"]
    first, second = save("a.csv", "\n".join(lines)), save("b.jsonl", "\n\n".join([json.dumps({"zeit": 1})] * 3))
    parts = [
        reject(1, [3, 1], "preis", contract.NEGATIVE_PRICE, ["-1", "-2"]),
        reject(0, [4], "", contract.WRONG_FIELD_COUNT, ['a,"b\nc']),
        reject(0, [3, 1], "zeit", contract.UNREADABLE_TIMESTAMP, ["bald\0", ""]),
    ]
    files = [SourceFile(str(first)), SourceFile(str(second))]
    write_quarantine(tmp_path / "q" / "events.csv", parts, files, TableConfig(path=[first, second]))
    assert read(tmp_path / "q" / "events.csv") == [
        list(HEADER),
        [str(first), "2", "zeit", contract.UNREADABLE_TIMESTAMP, ""],
        [str(first), "6", "zeit", contract.UNREADABLE_TIMESTAMP, r"bald\0"],
        [str(first), "7", "", contract.WRONG_FIELD_COUNT, 'a,"b\nc'],
        [str(second), "1", "preis", contract.NEGATIVE_PRICE, "-2"],
        [str(second), "5", "preis", contract.NEGATIVE_PRICE, "-1"],
    ]
    assert [path.name for path in (tmp_path / "q").iterdir()] == ["events.csv"]


@pytest.mark.parametrize("value", ["u\rv", "\r", "u\n", "\r\n", '"', ",", "x" * 200_000, "ü\u2028"])
def test_no_value_breaks_the_file(save: Save, tmp_path: Path, value: str) -> None:
    path = save("a.csv", "id\n1\n2\n")
    parts = [reject(0, [1, 2], "id", contract.LINE_BREAK_IN_ID, [value, ""])]
    write_quarantine(tmp_path / "q.csv", parts, [SourceFile(str(path))], TableConfig(path=path))
    first = first_rejected(tmp_path / "q.csv", {contract.LINE_BREAK_IN_ID})
    assert first == f"line 2, id: {contract.LINE_BREAK_IN_ID}: {value[:80]!r}"
    assert [row[-1] for row in read(tmp_path / "q.csv")] == ["value", value, ""]


def test_files_without_lines_have_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"price": [1, -2, 3, -4]}), path, row_group_size=1)
    parts = [reject(0, [2, 4], "price", contract.NEGATIVE_PRICE, ["-2", "-4"])]
    write_quarantine(tmp_path / "q.csv", parts, [SourceFile(str(path))], TableConfig(path=path))
    assert [row[1] for row in read(tmp_path / "q.csv")] == ["line", "2", "4"]


def test_many_rows_are_written_piece_by_piece(save: Save, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "_ROWS_AT_ONCE", 3)
    path = save("a.csv", "id\n" + "1\n" * 10)
    parts = [reject(0, [row], "id", contract.MISSING_ITEM, [""]) for row in range(10, 0, -1)]
    write_quarantine(tmp_path / "q.csv", parts, [SourceFile(str(path))], TableConfig(path=path))
    assert [row[1] for row in read(tmp_path / "q.csv")[1:]] == [str(line) for line in range(2, 12)]


def test_without_rejected_rows_there_is_a_header(tmp_path: Path) -> None:
    write_quarantine(tmp_path / "q.csv", [SCHEMA.empty_table()], [], TableConfig(path="shop.csv"))
    assert (tmp_path / "q.csv").read_text() == "file,line,column,reason,value\n"
    assert first_rejected(tmp_path / "q.csv", {contract.MISSING_ITEM}) == ""


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('shop.csv,7,zeit,unreadable timestamp,"bald, ""sehr"" bald"',
         "line 7, zeit: unreadable timestamp: 'bald, \"sehr\" bald'"),
        ('shop.csv,7,,wrong number of fields,"a\nb"', r"line 7, the whole row: wrong number of fields: 'a\nb'"),
        ("shop.csv,7,text,not a number," + "x" * 1000, f"line 7, text: not a number: {'x' * 80!r}"),
    ],
)  # fmt: skip
def test_the_first_row_in_words(tmp_path: Path, row: str, words: str) -> None:
    dropped = "shop.csv,3,quantity,negative quantity,-1"
    (tmp_path / "q.csv").write_text(f"{','.join(HEADER)}\n{dropped}\n{row}\nshop.csv,8,,,\n")
    reasons = {contract.UNREADABLE_TIMESTAMP, contract.WRONG_FIELD_COUNT, contract.NOT_A_NUMBER}
    assert first_rejected(tmp_path / "q.csv", reasons) == words
