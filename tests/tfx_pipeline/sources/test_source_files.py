"""Paths, folders, patterns and spans to files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.source_files import SourceFile, source_files
from tfx_pipeline.table_config import BigQueryConfig, TableConfig

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write empty files at paths below a folder."""

    def write(*paths: str) -> Path:
        for path in paths:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).touch()
        return tmp_path

    return write


def found(root: Path, path: str | list[str], **table: Any) -> list[tuple[str, int | None]]:
    """Files below the root, and their spans."""
    paths = [path] if isinstance(path, str) else path
    files = source_files(TableConfig(path=[f"{root}/{each}" for each in paths], **table))
    return [(file.path.removeprefix(f"{root}/"), file.span) for file in files]


def names(root: Path, path: str | list[str], **table: Any) -> list[str]:
    return [name for name, _ in found(root, path, **table)]


def test_one_file(tree: Tree) -> None:
    path = tree("a b[1].csv") / "a b[1].csv"
    assert source_files(TableConfig(path=path)) == [SourceFile(str(path))]


def test_a_list_keeps_its_order_and_each_file_counts_once(tree: Tree) -> None:
    assert names(tree("b.csv", "a.csv"), ["b.csv", "a.csv", "*.csv"]) == ["b.csv", "a.csv"]


def test_a_folder(tree: Tree) -> None:
    root = tree(
        "d/b.parquet", "d/a.csv.gz", "d/sub/c.jsonl", "d/_SUCCESS", "d/.x.csv", "d/_logs/l.csv", "d/.t/m.csv",
        "d/read.me", "d/x.json", "d/y.txt.gz", "d/z.tfrecords", "d/w.TSV",
    )  # fmt: skip
    expected = ["d/a.csv.gz", "d/b.parquet", "d/sub/c.jsonl", "d/w.TSV", "d/z.tfrecords"]
    assert names(root, "d") == names(root, "d/") == expected
    assert names(root, "d", format="csv") == ["d/a.csv.gz", "d/w.TSV", "d/y.txt.gz"]
    assert names(root, "d", format="jsonl") == ["d/sub/c.jsonl", "d/x.json"]


def test_a_glob(tree: Tree) -> None:
    root = tree("2023/e-1.csv", "2024/e-2.csv", "2024/f.csv", "2024/e-3.csv/part.csv", "_tmp/e-1.csv", "2024/.e-4.csv")
    assert names(root, "*/e-*.csv") == ["2023/e-1.csv", "2024/e-2.csv", "2024/e-3.csv/part.csv"]
    assert names(root, "2024/*") == ["2024/e-2.csv", "2024/e-3.csv/part.csv", "2024/f.csv"]
    assert names(root, "*/.e*") == ["2024/.e-4.csv"]
    assert names(root, "2024/f*.csv*") == ["2024/f.csv"]


def test_numbered_spans(tree: Tree) -> None:
    root = tree("e/span-10/a.csv", "e/span-9/b.csv", "e/span-9/a.csv", "e/span-x/a.csv", "e/span-011/a.csv")
    whole = [("e/span-9/a.csv", 9), ("e/span-9/b.csv", 9), ("e/span-10/a.csv", 10), ("e/span-011/a.csv", 11)]
    assert found(root, "e/span-{SPAN}") == found(root, "e/span-{SPAN}/") == whole
    assert found(root, "e/span-{SPAN}/*.csv") == whole
    assert found(root, "e/span-{SPAN}", spans=2) == whole[2:]
    assert found(root, "e/span-{SPAN}", spans=9) == whole
    assert found(root, ["e/span-{SPAN}/a.csv", "e/span-{SPAN}/b.csv"], spans=3) == whole


def test_dated_spans(tree: Tree) -> None:
    root = tree("1970-01-02.csv", "2024/02/2024-02-29.csv", "2024/03/2024-02-28.csv", "1969-12-31.csv", "1970-1-3.csv")
    assert found(root, "{YYYY}-{MM}-{DD}.csv") == [("1969-12-31.csv", -1), ("1970-01-02.csv", 1)]
    assert found(root, "{YYYY}/{MM}/{YYYY}-{MM}-{DD}.csv") == [("2024/02/2024-02-29.csv", 19782)]


def test_an_address(tree: Tree) -> None:
    root = tree("day=1/ä 1.csv", "day=2/b.csv")
    for pattern in ("*/*.csv", "", "day={SPAN}/*.csv"):
        files = source_files(TableConfig(path=f"file://{root}/{pattern}"))
        assert [file.path for file in files] == [f"file://{root}/day=1/ä 1.csv", f"file://{root}/day=2/b.csv"]
        assert [file.partition for file in files] == [(("day", "1"),), (("day", "2"),)]


def test_relative_paths(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree("d/a.csv", "b.csv"))
    assert [file.path for file in source_files(TableConfig(path="d"))] == ["d/a.csv"]
    assert [file.path for file in source_files(TableConfig(path="*/a.csv"))] == ["./d/a.csv"]
    assert [os.path.normpath(file.path) for file in source_files(TableConfig(path="."))] == ["b.csv", "d/a.csv"]


def test_folders_that_name_columns(tree: Tree) -> None:
    root = tree("x=0/p/date=2020-01-01/shop=de%2Fat/a.parquet", "x=0/p/date=2020-01-02/b=c.parquet", "x=0/p/c.parquet")
    partitions = {
        file.path.rsplit("/", 1)[-1]: file.partition for file in source_files(TableConfig(path=root / "x=0/p"))
    }
    dated = ("date", "2020-01-01"), ("shop", "de%2Fat")
    assert partitions == {"a.parquet": dated, "b=c.parquet": (("date", "2020-01-02"),), "c.parquet": ()}
    [dated_only] = source_files(TableConfig(path=root / "x=0/p/date=*/b=*"))
    assert dated_only.partition == (("date", "2020-01-02"),)
    [single] = source_files(TableConfig(path=root / "x=0/p/date=2020-01-02/b=c.parquet"))
    assert single.partition == ()


def test_files_of_windows(tree: Tree) -> None:
    root = tree("train-2.csv", "train-1.csv", "eval.csv", "test/b.csv", "test/a.csv")
    table = TableConfig(path=root / "train-{SPAN}.csv", eval_path=root / "eval.csv", test_path=[root / "test"], spans=1)
    assert source_files(table) == [
        SourceFile(f"{root}/train-2.csv", span=2),
        SourceFile(f"{root}/eval.csv", window="eval"),
        SourceFile(f"{root}/test/a.csv", window="test"),
        SourceFile(f"{root}/test/b.csv", window="test"),
    ]


def test_bigquery() -> None:
    assert source_files(TableConfig(bigquery=BigQueryConfig(query="SELECT 1"))) == [SourceFile("bigquery")]


@pytest.mark.parametrize(
    ("path", "table", "line"),
    [
        ("none.csv", {}, "no such file"),
        ("none/", {}, "no such file"),
        ("empty", {}, "the folder has no file that is a table by its name"),
        ("hidden", {}, "the folder has no file that is a table by its name"),
        ("d/*.parquet", {}, "no file matches this pattern"),
        ("none/*.csv", {}, "no file matches this pattern"),
        ("d-{SPAN}.csv", {}, "no file matches this pattern"),
        ("d/*.csv", {"spans": 2}, "spans needs a path with {SPAN} or with {YYYY}, {MM} and {DD}"),
        ("d/a.csv", {"spans": 2}, "spans needs a path with {SPAN} or with {YYYY}, {MM} and {DD}"),
        ("d/{SPAM}.csv", {}, "a pattern of spans has either {SPAN}, or {YYYY}, {MM} and {DD}"),
        ("d/{YYYY}-{MM}.csv", {}, "a pattern of spans has either {SPAN}, or {YYYY}, {MM} and {DD}"),
        ("d/{SPAN}/{YYYY}-{MM}-{DD}.csv", {}, "a pattern of spans has either {SPAN}, or {YYYY}, {MM} and {DD}"),
    ],
)
def test_paths_that_lead_nowhere(tree: Tree, path: str, table: dict[str, Any], line: str) -> None:
    root = tree("d/a.csv", "hidden/_a.csv")
    (root / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        source_files(TableConfig(path=f"{root}/{path}", **table))
    assert str(caught.value) == f"{root}/{path}: {line}"


@pytest.mark.parametrize("date", ["2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01"])
def test_impossible_dates(tree: Tree, date: str) -> None:
    root = tree("2024-01-01/a.csv", f"{date}/a.csv")
    with pytest.raises(DataError) as caught:
        source_files(TableConfig(path=root / "{YYYY}-{MM}-{DD}"))
    assert str(caught.value) == f"{root}/{date}: {date} is not a date"


def test_spans_of_only_some_paths(tree: Tree) -> None:
    root = tree("1.csv", "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: spans needs a path"):
        source_files(TableConfig(path=[root / "{SPAN}.csv", root / "a.csv"], spans=1))


def test_an_unknown_store() -> None:
    for path in ("nfs://shop/a.csv", "nfs://shop/*.csv"):
        with pytest.raises(DataError, match="^nfs://shop.*: Unrecognized filesystem type in URI"):
            source_files(TableConfig(path=path))
