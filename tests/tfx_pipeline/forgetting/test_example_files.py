"""Examples of a user out of TFRecord files; everything else stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.forgetting.example_files import drop_records, erase, read_records
from tfx_pipeline.forgetting.user import User

USER = User("12", "12")
WriteRecords = Callable[[Path, list[bytes]], None]
MakeExample = Callable[..., bytes]
ROW = 300


@settings(max_examples=30, deadline=None)
@given(
    users=st.lists(st.sampled_from(["12", "121", "1", "u12", ROW, 12, 44, 2]), max_size=20),
    name=st.sampled_from(["data.gz", "data"]),
)
def test_only_the_examples_of_the_user_go(
    tmp_path_factory: pytest.TempPathFactory,
    write_records: WriteRecords,
    example: MakeExample,
    users: list[str | int],
    name: str,
) -> None:
    path = tmp_path_factory.mktemp("examples") / name
    records = [example(user_id=[user], item_ids=["12"], rows=[ROW], n=[n]) for n, user in enumerate(users)]
    write_records(path, records)
    gone = [user in ("12", ROW) for user in users]
    assert erase(path, USER, rows={ROW}) == sum(gone)
    assert list(read_records(path)) == [record for record, drop in zip(records, gone, strict=True) if not drop]
    assert (path.read_bytes()[:2] == b"\x1f\x8b") == (name == "data.gz")
    assert erase(path, USER, rows={ROW}) == 0


def test_rows_count_only_where_they_are_given(
    tmp_path: Path, write_records: WriteRecords, example: MakeExample
) -> None:
    path = tmp_path / "data.gz"
    write_records(path, [example(user_id=[12]), example(item_id=["12"]), example(other=[1])])
    before = path.read_bytes()
    assert erase(path, USER) == 0
    assert path.read_bytes() == before


def test_more_records_than_are_read_at_once(tmp_path: Path, write_records: WriteRecords) -> None:
    path = tmp_path / "data"
    records = [str(number).encode() for number in range(2500)]
    write_records(path, records)
    assert drop_records(path, lambda record: record.endswith(b"7")) == 250
    assert list(read_records(path)) == [record for record in records if not record.endswith(b"7")]


@pytest.mark.parametrize("content", [b"\x1f\x8bhalf", b"twelve bytes of no record"])
def test_files_that_are_not_sound(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data"
    path.write_bytes(content)
    with pytest.raises(ValueError) as error:
        erase(path, USER)
    assert str(error.value) == f"{path}: not a sound TFRecord file"
    assert path.read_bytes() == content


def test_records_that_are_no_examples(tmp_path: Path, write_records: Any) -> None:
    path = tmp_path / "data"
    write_records(path, [b"not 12 at all"])
    with pytest.raises(ValueError, match=r"^a record is not a tf\.Example$"):
        erase(path, USER)
