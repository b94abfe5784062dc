"""TFRecord files that TensorFlow reads, and what is said of damaged ones."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.feedback.tf_record import masked_crc, read_records, write_records


def test_the_checksum_is_that_of_the_format() -> None:
    # CRC-32C of "123456789" is 0xE3069283 (RFC 3720, appendix B.4 has the polynomial); then rotated and masked.
    crc = 0xE3069283
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(b"123456789") == masked.to_bytes(4, "little")


@settings(max_examples=30, derandomize=True)
@given(st.lists(st.binary(max_size=40), max_size=5))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("records") / "file.tfrecord"
    write_records(path, records)
    assert list(read_records(path)) == records


def test_tensorflow_reads_the_records(tmp_path: Path) -> None:
    import tensorflow as tf

    records = [b"", b"one", bytes(range(256)) * 20]
    write_records(tmp_path / "file.tfrecord", records)
    assert list(tf.data.TFRecordDataset(str(tmp_path / "file.tfrecord")).as_numpy_iterator()) == records


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "record 2 is cut short or its checksum is wrong"),
        (lambda data: data[:-6], "record 2 is cut short or its checksum is wrong"),
        (lambda data: data[:22], "record 2 has no valid length"),
        (lambda data: data[:12] + b"?" + data[13:], "record 1 is cut short or its checksum is wrong"),
        (lambda data: b"\x05" + data[1:], "record 1 has no valid length"),
        (lambda data: b"no records at all", "record 1 has no valid length"),
    ],
)
def test_damage_is_noticed(tmp_path: Path, damage, message: str) -> None:
    path = tmp_path / "file.tfrecord"
    write_records(path, [b"one", b"other"])
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=f"^{message}$"):
        list(read_records(path))
