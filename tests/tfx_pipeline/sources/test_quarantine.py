"""The file of bad rows."""

import csv
from pathlib import Path

from tfx_pipeline.sources.quarantine import HEADER, Quarantine


def test_rows_are_in_the_order_of_the_source_and_survive_csv(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q.csv", Path("shop.csv")) as quarantine:
        quarantine.add([9, 4], "price", "negative price", [-1.5, None])
        quarantine.add([5], "", "wrong number of fields", ['a,"b\nc'])
        quarantine.flush()
        quarantine.add([12], "zeit", "unreadable timestamp", ["bald\0"])
        quarantine.flush()
        assert quarantine.first == "row 4, price: negative price: ''"
    with (tmp_path / "q.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            list(HEADER),
            ["shop.csv", "4", "price", "negative price", ""],
            ["shop.csv", "5", "", "wrong number of fields", 'a,"b\nc'],
            ["shop.csv", "9", "price", "negative price", "-1.5"],
            ["shop.csv", "12", "zeit", "unreadable timestamp", r"bald\0"],
        ]


def test_without_bad_rows_there_is_a_header(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q.csv", Path("shop.csv")) as quarantine:
        assert quarantine.first == ""
    assert (tmp_path / "q.csv").read_text() == "file,row,column,reason,value\n"
