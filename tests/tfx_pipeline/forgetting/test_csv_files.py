"""Rows of a user out of CSV files; the others stay byte for byte."""

import gzip
from pathlib import Path

import pytest

from tfx_pipeline.forgetting.csv_files import erase
from tfx_pipeline.forgetting.user import User

USER = User("12", "12", frozenset({"user_id", "household"}))
QUARANTINE = "file,line,column,reason,value\n"


@pytest.mark.parametrize(
    ("header", "rows", "gone"),
    [
        ("user_id,item_id\n", ["12,i1\n", "121,12\n", '"12",i2\r\n', '"121","12"\r\n', "1", ""], [0, 2]),
        ("rank,user_id\n", ["12,7\n", '1,"12"', ""], [1]),
        ("item_id,title\n", ["12,12\n"], []),
        (QUARANTINE, ["e,1,household,r,12\n", "e,2,item,r,12\n", "e,3,household,r,121\n", "e,12,price,r,\n"], [0]),
        (QUARANTINE, ['e,1,,r,"12,i1\n3"\n', 'e,2,,r,"x\ny"\n', 'e,3,,r,"[12"\n', "e,4\n"], [0, 2]),
        ("", [], []),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_rows_of_the_user_go(tmp_path: Path, header: str, rows: list[str], gone: list[int], name: str) -> None:
    path = tmp_path / name
    opened = gzip.open if name.endswith(".gz") else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        file.write(header + "".join(rows))
    assert erase(path, USER) == len(gone)
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        assert file.read() == header + "".join(row for number, row in enumerate(rows) if number not in gone)
    assert erase(path, USER) == 0


def test_long_fields_and_other_encodings_pass(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    others = b"e,1,,r,caf\xe9\ne,2,,r," + b"x" * 200_000 + b"\n"
    path.write_bytes(QUARANTINE.encode() + others + b"e,3,household,r,12\n")
    assert erase(path, USER) == 1
    assert path.read_bytes() == QUARANTINE.encode() + others
