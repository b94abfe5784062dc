"""A corpus of malformed files: each gets one exact line that names it, and leaves nothing behind."""

import gzip
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfx_pipeline.record_file import masked_crc
from tfx_pipeline.table_config import CsvConfig, DataConfig, TableConfig

Refuse = Callable[[DataConfig, Path], str]
Save = Callable[[str, str | bytes], Path]
COLUMNS = ("user_id", "item_id", "event_type", "timestamp")
HEADER = ",".join(COLUMNS) + "\n"
ROW = "u,a,buy,1\n"
EVENT = {"user_id": "u", "item_id": "a", "event_type": "buy", "timestamp": "1"}
EVENT_NAMES = (
    "user_id, item_id, event_type, timestamp, basket_id, price, quantity, query, session_id, position, propensity, "
    "request_id"
)
NO_EXAMPLE = b"\x0a\x00"


def parquet(columns: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    # Arrow releases name the elements of lists differently without this.
    pq.write_table(pa.table(columns), stream, use_compliant_nested_type=False)
    return stream.getvalue()


def parquet_event(**columns: Any) -> bytes:
    return parquet({**{name: [value] for name, value in EVENT.items()}, **columns})


def frame(record: bytes) -> bytes:
    """A record as a TFRecord file holds it."""
    length = struct.pack("<Q", len(record))
    return length + masked_crc(length) + record + masked_crc(record)


def flipped(content: bytes, place: int) -> bytes:
    """Content with one bit the other way round."""
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


GZIPPED = gzip.compress(
    (HEADER + ",a,buy,0\n" + "".join(f"u{i * 7919 % 1000},a,buy,{i}\n" for i in range(50_000))).encode()
)
RECORD = frame(NO_EXAMPLE)
UNKNOWN_KIND = (
    "cannot read this kind of file, only .csv, .tsv, .jsonl, .parquet and .tfrecord, unless format says what it is"
)

FILES: list[tuple[str, str | bytes, dict[str, Any], str]] = [
    # Nothing in it.
    ("e.csv", b"", {}, "the file is empty"),
    ("e.csv.gz", b"", {}, "the file is empty"),
    ("e.jsonl", b"", {}, "the file is empty"),
    ("e.parquet", b"", {}, "the file is empty"),
    ("e.tfrecord", b"", {}, "the file is empty"),
    ("e.csv.gz", "", {}, "the file is empty"),
    ("e.csv", HEADER, {}, "the file has no data rows"),
    ("e.csv", HEADER.strip(), {}, "the file has no data rows"),
    ("e.csv", HEADER + "\n\n", {}, "the file has no data rows"),
    ("e.csv", "\n\n", {}, "the file has no header"),
    ("e.csv", "\ufeff", {}, "the file has no header"),
    ("e.jsonl", "\n\n", {}, "the file has no data rows"),
    ("e.parquet", parquet({name: pa.array([], pa.string()) for name in COLUMNS}), {}, "the file has no data rows"),
    ("e.tfrecord", RECORD, {}, "none of the first records is a tf.Example with features"),
    # Not what the name says.
    ("e.json", "{}", {}, UNKNOWN_KIND),
    ("e.xlsx", "PK", {}, UNKNOWN_KIND),
    ("e.parquet", HEADER + ROW, {}, "not a Parquet file"),
    ("e.csv", HEADER + ROW, {"format": "parquet"}, "not a Parquet file"),
    ("e.csv", parquet({"a": [1]}), {}, "binary data, not CSV text"),
    ("e.csv.gz", gzip.compress(parquet({"a": [1]})), {}, "binary data, not CSV text"),
    ("e.csv", HEADER + "u\0v,a,buy,1\n", {}, "binary data, not CSV text"),
    ("e.csv", gzip.compress(b"a,b\n"), {}, "a gzip file, not CSV text"),
    ("e.csv.gz", b"a,b\n1,2\n", {}, "not a gzip file"),
    ("e.jsonl.gz", b"{}\n", {}, "not a gzip file"),
    ("e.jsonl", b"\0\1", {}, "binary data, not JSON Lines"),
    ("e.jsonl", "[1]\nu,a\n", {}, "not JSON Lines: none of the first 2 lines is a JSON object"),
    ("e.tfrecord", gzip.compress(RECORD), {}, "a gzip file, not TFRecord"),
    ("e.tfrecord.gz", RECORD, {}, "not a gzip file"),
    ("e.tfrecord", HEADER + ROW, {}, "damaged in record 1: the checksum of its length does not match"),
    # Damaged.
    ("e.csv.gz", GZIPPED[:15], {}, "a damaged gzip file: Truncated compressed stream"),
    ("e.csv.gz", GZIPPED[:-500], {}, "not readable as CSV: Truncated compressed stream"),
    ("e.csv.gz", flipped(GZIPPED, -6), {}, "not readable as CSV: zlib inflate failed: incorrect data check"),
    ("e.tfrecord", RECORD[:-3], {}, "cut off in record 1"),
    ("e.tfrecord", RECORD + RECORD[:5], {}, "cut off in record 2"),
    ("e.tfrecord", flipped(RECORD, 0), {}, "damaged in record 1: the checksum of its length does not match"),
    ("e.tfrecord", RECORD + flipped(RECORD, 12), {}, "damaged in record 2: the checksum of its data does not match"),
    # Not in its encoding.
    ("e.csv", HEADER.encode("utf-16"), {}, "binary data, not CSV text"),
    ("e.csv", "ü,item_id\n".encode("latin-1"), {}, "not UTF-8 text in line 1"),
    ("e.csv", HEADER.encode() + b"\xfc,a,buy,1\n", {}, "not UTF-8 text in line 2"),
    ("e.csv", (HEADER + ",a,buy,1\n" + ROW * 2000).encode() + b"\xfc,a,buy,1\n", {}, "not UTF-8 text in line 2003"),
    ("e.csv", (HEADER + ROW).encode() + b"\x80\n", {"csv": CsvConfig(encoding="ascii")}, "not ascii text in line 3"),
    ("e.csv", HEADER + ROW, {"csv": CsvConfig(encoding="klingon")}, "there is no encoding 'klingon'"),
    ("e.jsonl", json.dumps(EVENT).encode("utf-16"), {}, "binary data, not JSON Lines"),
    # Written in another way.
    ("e.csv", HEADER + ROW + 'u,a,"buy,1\n' + ROW, {}, "a quote that opens in row 2 is never closed"),
    ("e.csv", HEADER + ROW * 3 + ",a,buy,1\n" + 'u,"a\n', {}, "a quote that opens in row 5 is never closed"),
    ("e.csv", "user_id;item_id\n1;2\n", {}, "user_id needs column 'user_id', but the file has user_id;item_id"),
    ("e.tsv", HEADER + ROW, {}, f"user_id needs column 'user_id', but the file has {HEADER.strip()}"),
    ("e.csv", ROW, {"csv": CsvConfig(header=["a", "b"])}, "csv.header names 2 columns, but the first row has 4"),
    ("e.csv", ROW, {"csv": CsvConfig(header=["a", "a", "b", "c"])}, "column 'a' occurs twice"),
    ("e.csv", "user_id,item_id,user_id\n1,2,3\n", {}, "column 'user_id' occurs twice"),
    # A mapping that does not fit.
    ("e.csv", HEADER + ROW, {"columns": {"timestamp": "when"}},
     "timestamp needs column 'when', but the file has user_id, item_id, event_type, timestamp"),
    ("e.jsonl", '{"user_id": {"id": 1}}\n', {}, "user_id needs column 'user_id', but the file has user_id.id"),
    ("e.csv", HEADER, {"columns": {"user": "item_id"}},
     f"columns maps 'user', which is none of {EVENT_NAMES}, sequence"),
    ("e.csv", HEADER, {"constants": {"kind": "buy"}}, f"constants maps 'kind', which is none of {EVENT_NAMES}"),
    ("e.csv", HEADER, {"values": {"kind": {}}}, f"values maps 'kind', which is none of {EVENT_NAMES}"),
    ("e.csv", HEADER, {"columns": {"user_id": []}}, "user_id needs at least one column, but its mapping is empty"),
    ("e.csv", HEADER, {"constants": {"user_id": "u"}, "columns": {"user_id": "user_id"}},
     "'user_id' is both in columns and in constants"),
    ("e.csv", HEADER, {"drop": ["item_id"], "columns": {"query": "item_id"}},
     "item_id needs column 'item_id', which drop takes out"),
    ("e.csv", HEADER, {"own_columns": {"colour": "text"}},
     "colour needs column 'colour', but the file has user_id, item_id, event_type, timestamp"),
    ("e.csv", HEADER, {"own_columns": {"source_row": "text"}},
     "own column 'source_row' has a name that the data contract takes"),
    ("e.csv", HEADER, {"own_columns": {"span": "text"}}, "own column 'span' has a name that the data contract takes"),
    ("e.csv", HEADER, {"order": "file", "columns": {"timestamp": "timestamp"}},
     "order is 'file', but timestamp or sequence is mapped as well"),
    ("e.csv", HEADER, {"columns": {"sequence": "timestamp"}},
     "sequence is mapped, but the events have a timestamp; drop one of the two"),
    ("e.csv", HEADER, {"spans": 2}, "spans needs a path with {SPAN} or with {YYYY}, {MM} and {DD}"),
    # Types that hold no such values.
    ("e.parquet", parquet_event(user_id=[[1]]), {}, "column user_id: type list<item: int64> cannot be read as user_id"),
    ("e.parquet", parquet_event(timestamp=[[1]]), {},
     "column timestamp: type list<item: int64> cannot be read as timestamp"),
    ("e.parquet", parquet_event(user_id=pa.array([b"\xff"])), {},
     "column user_id: type binary cannot be read as user_id"),
    # Rows that cannot be used.
    ("e.csv", HEADER + ROW + ",a,buy,1\nu,a,buy,then\nu,a,buy\nu,a,view,1\n", {},
     "3 of 5 rows are bad, more than the share of 0.01 that max_bad_share allows: missing user_id 1, "
     "unreadable timestamp 1, wrong number of fields 1; first: line 3, user_id: missing user_id: ''"),
    ("e.csv", HEADER + "u,a,view,1\nu,a,view,2\n", {}, "none of 2 rows is left: event type not in any objective 2"),
]  # fmt: skip
"""Name, content, how it is configured, and what is said of it behind the path."""


@pytest.mark.parametrize(
    ("name", "content", "mapping", "line"), FILES, ids=[f"{name} {line}" for name, *_, line in FILES]
)
def test_one_line_and_nothing_left(
    save: Save, out: Path, refusal: Refuse, name: str, content: str | bytes, mapping: dict[str, Any], line: str
) -> None:
    path = save(name, content)
    assert refusal(DataConfig(events=TableConfig(path=path, **mapping)), out) == f"{path}: {line}"
