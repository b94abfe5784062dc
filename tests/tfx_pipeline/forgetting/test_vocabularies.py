"""Vocabulary files whose rows do not shift."""

from pathlib import Path

import pytest

from tfx_pipeline.forgetting import vocabularies
from tfx_pipeline.forgetting.user import User

USER = User("12", "12")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "assets" / "user_id"
    file.parent.mkdir()
    file.write_bytes("121\n12\nü\n1\n".encode())
    return file


def test_the_tombstone_stands_where_the_user_stood(path: Path) -> None:
    assert vocabularies.holds(path, USER)
    assert vocabularies.bury(path, USER) == 1
    assert path.read_text(encoding="utf-8") == f"121\n{USER.tombstone}\nü\n1\n"
    assert not vocabularies.holds(path, USER)
    assert vocabularies.bury(path, USER) == 0


def test_the_row_is_known_before_and_after(path: Path) -> None:
    other = User("1", "1")
    for _ in range(2):
        assert (vocabularies.rows_of(path, USER), vocabularies.rows_of(path, other)) == ({1}, {3})
        vocabularies.bury(path, USER)
    assert vocabularies.rows_of(path, User("nobody", "nobody")) == set()
    assert vocabularies.read_rows(path)["ü".encode()] == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("assets/user_id", True),
        ("assets/user_id_1", True),
        ("assets/user_id_segment", False),
        ("assets/item_id", False),
        ("user_id", False),
    ],
)
def test_which_files_are_vocabularies_of_users(tmp_path: Path, name: str, expected: bool) -> None:
    assert vocabularies.is_user_vocabulary(tmp_path / name) is expected
