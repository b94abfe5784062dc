import csv
from pathlib import Path

import pytest

from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.titles import TITLES_FILE, read_titles


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / TITLES_FILE).parent.mkdir()
    return tmp_path / TITLES_FILE


def test_what_was_written_is_read(path: Path, tmp_path: Path) -> None:
    titles = {"i1": 'Käse, "jung"', "i2": "two\nlines", "茶": ""}
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("item_id", "title"), *titles.items()])
    assert read_titles(tmp_path) == titles


def test_a_row_without_a_title_has_none(path: Path, tmp_path: Path) -> None:
    path.write_text("item_id,title\ni1\n")
    assert read_titles(tmp_path) == {"i1": ""}


def test_without_the_file_there_are_no_titles(tmp_path: Path) -> None:
    assert read_titles(tmp_path) == {}
    assert read_titles(tmp_path / "absent") == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column item_id"),
        (b"item_id,name\ni1,Ham\n", "no column title"),
        (b"item_id,title\ni1,\xff\xfe\n", "not a CSV file in UTF-8: 'utf-8' codec can't decode byte 0xff in position"),
        (b"item_id,title\ni1," + b"x" * 200_000, "not a CSV file in UTF-8: field larger than field limit (131072)"),
    ],
)
def test_invalid_files(path: Path, tmp_path: Path, content: bytes, reason: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_titles(tmp_path)
    assert str(error.value).startswith(f"{path}: {reason}")
