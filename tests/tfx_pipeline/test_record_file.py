import gzip
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.record_file import write_records


@settings(deadline=None, max_examples=30)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_tensorflow_reads_what_was_written(tmp_path_factory: pytest.TempPathFactory, records: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("records") / "deep" / "x.gz"
    assert write_records(path, records) == len(records)
    read = tf.data.TFRecordDataset(str(path), compression_type="GZIP")
    assert list(read.as_numpy_iterator()) == records


def test_long_files_are_written_in_pieces(tmp_path: Path) -> None:
    records = [bytes([number % 256]) * 70_000 for number in range(40)]
    write_records(tmp_path / "x.gz", records)
    assert list(tf.data.TFRecordDataset(str(tmp_path / "x.gz"), "GZIP").as_numpy_iterator()) == records


def test_equal_records_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_records(tmp_path / name, [b"one", b"two"])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert len(gzip.decompress((tmp_path / "a.gz").read_bytes())) == 2 * (8 + 4 + 3 + 4)


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    def records() -> object:
        yield b"one"
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError):
        write_records(tmp_path / "x.gz", records())
    assert list(tmp_path.iterdir()) == []
