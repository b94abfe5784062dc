"""Part files are whole or absent."""

import errno
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serving.feedback import part_files
from serving.feedback.part_files import FORMATS, FeedbackLogError, write_part
from serving.feedback.schema import OUTCOMES
from serving.feedback.tf_example import decode
from serving.feedback.tf_record import read_records

ROWS = [{"request_id": "r", "item_id": item, "event_type": "e", "timestamp": 5, "value": 1.0} for item in "ab"]


def test_a_part_has_the_rows(tmp_path: Path) -> None:
    parquet = write_part(tmp_path / "log", "outcomes", "parquet", ROWS)
    assert pq.read_table(parquet).to_pylist() == ROWS
    records = write_part(tmp_path / "log", "outcomes", "tfrecord", ROWS)
    assert [decode(OUTCOMES, record) for record in read_records(records)] == ROWS
    assert sorted(tmp_path.glob("log/outcomes/*")) == sorted([parquet, records])


@pytest.mark.parametrize("part_format", FORMATS)
@pytest.mark.parametrize("broken", ["_make_durable", "os.replace"])
def test_after_an_error_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_format: str, broken: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*(part_files.os, "replace") if broken == "os.replace" else (part_files, broken), full)
    with pytest.raises(FeedbackLogError) as raised:
        write_part(tmp_path, "outcomes", part_format, ROWS)
    text = f"{tmp_path / 'outcomes'}: cannot write 2 rows of the feedback log: [Errno 28] No space left on device"
    assert str(raised.value) == text
    assert list((tmp_path / "outcomes").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
@pytest.mark.parametrize("part_format", FORMATS)
def test_a_full_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_format: str) -> None:
    aside = tmp_path / "aside"
    aside.symlink_to("/dev/full")
    monkeypatch.setattr(Path, "with_name", lambda self, name: aside)
    with pytest.raises(FeedbackLogError, match=r"cannot write 2 rows of the feedback log: .*No space left on device"):
        write_part(tmp_path, "outcomes", part_format, ROWS)
    assert list((tmp_path / "outcomes").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        FeedbackLogError, match="file/shown: cannot write 0 rows of the feedback log: .*Not a directory"
    ):
        write_part(tmp_path / "file", "shown", "parquet", [])
