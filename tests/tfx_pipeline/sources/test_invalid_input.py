"""What bad files get: one exact line, and nothing left behind."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.config import DataConfig, TableConfig
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.ingest import ingest

Save = Callable[[str, str | bytes], Path]
COLUMNS = ("user_id", "item_id", "event_type", "timestamp")
HEADER = ",".join(COLUMNS) + "\n"
EVENT_NAMES = (
    "user_id, item_id, event_type, timestamp, basket_id, price, quantity, query, session_id, position, propensity, "
    "request_id"
)


def parquet(columns: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def damaged_parquet() -> bytes:
    whole = bytearray(parquet({name: [f"{i}" for i in range(1000)] for name in COLUMNS}))
    whole[20:60] = b"\xff" * 40
    return bytes(whole)


def gzipped(rows: int) -> bytes:
    return gzip.compress((HEADER + "".join(f"u{i * 7919 % 1000},a,buy,{i}\n" for i in range(rows))).encode())


CASES: list[tuple[str, str | bytes, dict[str, Any], str]] = [
    ("e.csv", "", {}, "the file is empty"),
    ("e.csv.gz", "", {}, "the file is empty"),
    ("e.parquet", b"", {}, "the file is empty"),
    ("e.csv", HEADER, {}, "the file has no data rows"),
    ("e.csv", HEADER.strip(), {}, "the file has no data rows"),
    ("e.csv", HEADER + "\n\n", {}, "the file has no data rows"),
    ("e.csv", "\n\n", {}, "the file has no header"),
    ("e.parquet", parquet({name: pa.array([], pa.string()) for name in COLUMNS}), {}, "the file has no data rows"),
    ("e.parquet", HEADER + "u,a,buy,1\n", {}, "not a Parquet file"),
    ("e.csv", parquet({"a": [1]}), {}, "binary data, not CSV text"),
    ("e.csv", gzip.compress(b"a,b\n"), {}, "a gzip file, not CSV text"),
    ("e.csv.gz", b"a,b\n1,2\n", {}, "not a gzip file"),
    ("e.csv.gz", gzip.compress(parquet({"a": [1]})), {}, "binary data, not CSV text"),
    ("e.csv.gz", gzipped(100_000)[:-5000], {}, "not readable as CSV: Truncated compressed stream"),
    ("e.csv", HEADER.encode("utf-16"), {}, "binary data, not CSV text"),
    ("e.csv", "ü,item_id\n".encode("latin-1"), {}, "not UTF-8 text"),
    ("e.csv", HEADER.encode() + b"\xfc,a,buy,1\n", {}, "not UTF-8 text"),
    ("e.csv", HEADER.encode() + b"u,a,buy,1\n" * 2000 + b"\xfc,a,buy,1\n", {}, "not UTF-8 text"),
    ("e.json", "{}", {}, "cannot read this kind of file, only .csv, .csv.gz and .parquet"),
    ("e.csv", "user_id,item_id,user_id\n1,2,3\n", {}, "column 'user_id' occurs twice"),
    ("e.csv", "user_id;item_id\n1;2\n", {}, "user_id needs column 'user_id', but the file has user_id;item_id"),
    (
        "e.csv",
        "user_id,item_id,event_type,time\nu,a,buy,1\n",
        {"columns": {"timestamp": "when"}},
        "timestamp needs column 'when', but the file has user_id, item_id, event_type, time",
    ),
    ("e.csv", HEADER, {"columns": {"user": "user_id"}}, f"columns maps 'user', which is none of {EVENT_NAMES}"),
    ("e.csv", HEADER, {"constants": {"kind": "buy"}}, f"constants maps 'kind', which is none of {EVENT_NAMES}"),
    (
        "e.parquet",
        parquet({"user_id": [[1]], "item_id": ["a"], "event_type": ["buy"], "timestamp": [1]}),
        {},
        "column user_id: type list<item: int64> cannot be read as user_id",
    ),
    (
        "e.parquet",
        parquet({"user_id": ["u"], "item_id": ["a"], "event_type": ["buy"], "timestamp": [[1]]}),
        {},
        "column timestamp: type list<item: int64> cannot be read as timestamp",
    ),
    (
        "e.csv",
        HEADER + "u,a,buy,1\n,a,buy,1\nu,a,buy,then\nu,a,buy\nu,a,view,1\n",
        {},
        "3 of 5 rows are bad, more than the share of 0.01 that max_bad_share allows: wrong number of fields 1, "
        "missing user_id 1, unreadable timestamp 1; first: row 2, user_id: missing user_id: ''",
    ),
    (
        "e.csv",
        HEADER + "u,a,view,1\nu,a,view,2\n",
        {},
        "none of 2 rows is left: event type not in any objective 2",
    ),
    ("e.csv", HEADER + 'u,a,buy,1\nu,a,"buy,1\nu,a,buy,1\n', {}, "a quote that opens in row 2 is never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "mapping", "line"), CASES)
def test_one_line_and_nothing_left(
    save: Save, out: Path, name: str, content: str | bytes, mapping: dict[str, Any], line: str
) -> None:
    raw = content.encode() if content == "" else content
    path = save(name, raw)
    with pytest.raises(DataError) as caught:
        ingest(DataConfig(events=TableConfig(path=path, **mapping)), ["buy"], out)
    assert str(caught.value) == f"{path}: {line}"
    assert list(out.iterdir()) == []


def test_damaged_parquet(save: Save, out: Path) -> None:
    path = save("e.parquet", damaged_parquet())
    with pytest.raises(DataError) as caught:
        ingest(DataConfig(events=TableConfig(path=path)), ["buy"], out)
    assert str(caught.value).startswith(f"{path}: damaged after row 0: ")
    assert "\n" not in str(caught.value)
    assert list(out.iterdir()) == []


def test_missing_file_and_directory(tmp_path: Path, out: Path) -> None:
    for path, line in ((tmp_path / "none.csv", "no such file"), (tmp_path, "not a file")):
        with pytest.raises(DataError) as caught:
            ingest(DataConfig(events=TableConfig(path=path)), ["buy"], out)
        assert str(caught.value) == f"{path}: {line}"


def test_bad_items_stop_the_run_too(save: Save, out: Path) -> None:
    events = TableConfig(path=save("e.csv", HEADER + "u,a,buy,1\n"))
    items = TableConfig(path=save("i.csv", "item_id,title\na,A\na,B\n"))
    with pytest.raises(DataError) as caught:
        ingest(DataConfig(events=events, items=items), ["buy"], out)
    assert str(caught.value) == (
        f"{items.path}: 1 of 2 rows are bad, more than the share of 0.01 that max_bad_share allows: "
        "duplicate item_id 1; first: row 2, item_id: duplicate item_id: 'a'"
    )
    assert list(out.iterdir()) == []


def test_the_allowed_share_is_inclusive_and_ignored_rows_are_not_bad(save: Save, out: Path) -> None:
    content = HEADER + "u,a,buy,1\n" * 40 + "u,a,view,1\n" * 59 + ",a,buy,1\n"
    report = ingest(DataConfig(events=TableConfig(path=save("e.csv", content))), ["buy"], out)
    assert (report.events.rows_kept, report.events.rows_bad) == (40, 1)
