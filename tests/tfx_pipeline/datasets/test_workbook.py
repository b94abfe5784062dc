"""Excel workbooks as tables of text."""

import sys
from pathlib import Path

import pytest

from tfx_pipeline.datasets.workbook import sheets
from tfx_pipeline.sources.errors import DataError


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"a\.xlsx: workbooks need openpyxl, get it with: pip install 'shoprank\[datas"):
        list(sheets(tmp_path / "a.xlsx", ["a"]))


def test_no_workbook(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "a.xlsx"
    path.write_text("a,b\n")
    with pytest.raises(DataError, match=r"a\.xlsx: not an Excel workbook: File is not a zip file"):
        list(sheets(path, ["a"]))


def test_a_sheet_without_a_column(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Lines"
    book.active.append(["a", "c"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"a\.xlsx: sheet 'Lines' has no column b, d$"):
        list(sheets(tmp_path / "a.xlsx", ["a", "b", "d"]))


def test_cells(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["b ", "a"])
    book.active.append([1.0, "x"])
    book.active.append([2.5, None])
    book.active.append([-3])
    book.save(tmp_path / "a.xlsx")
    tables = list(sheets(tmp_path / "a.xlsx", ["a", "b"]))
    assert [table.to_pydict() for table in tables] == [{"a": ["x", "", ""], "b": ["1", "2.5", "-3"]}]
