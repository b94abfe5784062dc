"""TFRecord files of tf.Example."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tfx_pipeline.record_file import write_records
from tfx_pipeline.sources import tfrecord_reader
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.sources.open_table import open_table
from tfx_pipeline.sources.source_files import SourceFile
from tfx_pipeline.sources.tfrecord_reader import TfRecordReader
from tfx_pipeline.table_config import TableConfig

Save = Callable[[str, str | bytes], Path]
FIELD_OF_KIND = {bytes: 1, float: 2, int: 3}


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer, for fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def example(**features: list[Any]) -> bytes:
    """A serialized tf.Example, written by hand so that TensorFlow need not be imported; whole numbers below 128."""
    entries = b""
    for name, values in features.items():
        kind = type(values[0]) if values else bytes
        if kind is bytes:
            items = b"".join(field(1, value) for value in values)
        else:
            packed = struct.pack(f"<{len(values)}f", *values) if kind is float else bytes(values)
            items = field(1, packed)
        entries += field(1, field(1, name.encode()) + field(2, field(FIELD_OF_KIND[kind], items)))
    return field(1, entries)


def save_records(path: Path, *records: bytes) -> Path:
    write_records(path, records)
    if path.suffix != ".gz":
        path.write_bytes(gzip.decompress(path.read_bytes()))
    return path


def read(path: Path, *columns: str) -> tuple[dict[int, tuple[Any, ...]], list[int]]:
    """Rows by number, and the numbers of malformed rows."""
    rows: dict[int, tuple[Any, ...]] = {}
    malformed = []
    for batch in TfRecordReader(str(path)).batches(columns):
        values = [column.to_pylist() for column in batch.records.columns]
        rows |= dict(zip(batch.rows.tolist(), zip(*values, strict=True), strict=True))
        malformed += [bad.row for bad in batch.malformed]
        assert {(bad.text, bad.reason) for bad in batch.malformed} <= {("", "not a tf.Example")}
    return rows, malformed


EXAMPLES = (
    example(id=["é".encode()], t=[5], p=[0.5], tags=[b"a", b"b"], image=[b"\xff"]),
    example(id=[b"x"], tags=[b"c"], vector=[0.5, 1.5]),
    example(t=[7], id=[], vector=[2.5]),
)
ROWS = {
    1: ("é", 5, 0.5, ["a", "b"], [], b"\xff"),
    2: ("x", None, None, ["c"], [0.5, 1.5], None),
    3: (None, 7, None, [], [2.5], None),
}


@pytest.mark.parametrize("name", ["a.tfrecord", "a.tfrecords", "a.tfrecord.gz"])
def test_values(tmp_path: Path, name: str) -> None:
    path = save_records(tmp_path / name, *EXAMPLES)
    reader = open_table(SourceFile(str(path)), TableConfig(path=path))
    assert reader.columns == ["id", "image", "p", "t", "tags", "vector"]
    [batch] = reader.batches(["id", "t", "vector", "tags"])
    assert batch.records.schema.types[:2] == [pa.string(), pa.int64()]
    assert batch.records.schema.types[2:] == [pa.list_(pa.float32()), pa.list_(pa.string())]
    assert read(path, "id", "t", "p", "tags", "vector", "image") == (ROWS, [])
    assert reader.lines(np.array([1, 3])).tolist() == [1, 3]


def test_records_that_are_no_examples(tmp_path: Path) -> None:
    path = save_records(tmp_path / "a.tfrecord", b"\xff", *EXAMPLES, b"oops")
    rows, malformed = read(path, "id", "t", "p", "tags", "vector")
    assert rows == {row + 1: values[:5] for row, values in ROWS.items()}
    assert malformed == [1, 5]


def test_values_of_another_type_and_features_that_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfrecord_reader, "SAMPLE_RECORDS", 1)
    monkeypatch.setattr(tfrecord_reader, "BATCH_RECORDS", 2)
    records = example(a=[1]), example(a=[b"x"]), example(b=[1]), example(a=[2, 3]), example(a=[4])
    path = save_records(tmp_path / "a.tfrecord", *records)
    assert TfRecordReader(str(path)).columns == ["a"]
    assert read(path, "a") == ({1: ("1",), 2: ("x",), 3: ([],), 4: ([2, 3],), 5: (4,)}, [])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda raw: raw[:-1], "cut off in record 2"),
        (lambda raw: raw[: len(raw) // 2 + 3], "cut off in record 2"),
        (lambda raw: raw[: len(raw) // 2 + 10], "cut off in record 2"),
        (lambda raw: raw[:-1] + b"!", "damaged in record 2: the checksum of its data does not match"),
        (lambda raw: raw[:12] + b"!" + raw[13:], "damaged in record 1: the checksum of its data does not match"),
        (lambda raw: b"!" + raw[1:], "damaged in record 1: the checksum of its length does not match"),
        (lambda raw: b"user_id,item_id\nu,a\n", "damaged in record 1: the checksum of its length does not match"),
        (gzip.compress, "a gzip file, not TFRecord"),
    ],
)  # fmt: skip
def test_damage(tmp_path: Path, change: Callable[[bytes], bytes], line: str) -> None:
    path = save_records(tmp_path / "a.tfrecord", example(a=[1]), example(a=[2]))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError) as caught:
        read(path, "a")
    assert str(caught.value) == f"{path}: {line}"


def test_files_without_examples(save: Save, tmp_path: Path) -> None:
    path = save_records(tmp_path / "a.tfrecord", b"\xff", b"")
    with pytest.raises(DataError, match="none of the first records is a tf.Example with features$"):
        TfRecordReader(str(path))
    with pytest.raises(DataError, match="the file is empty$"):
        TfRecordReader(str(save("b.tfrecord.gz", "")))


def test_a_damaged_gzip_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).bytes(100_000)
    path = save_records(tmp_path / "a.tfrecord.gz", example(a=[1]), noise)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(DataError, match="not readable as TFRecord: Truncated compressed stream$"):
        TfRecordReader(str(path))
