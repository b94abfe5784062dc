from pathlib import Path

import pytest

from tfx_pipeline import code_version as module
from tfx_pipeline.code_version import code_version


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "one.py").write_text("a = 1")
    (tmp_path / "room" / "notes.txt").write_text("x")
    (tmp_path / "two.py").write_text("b = 2")
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    return tmp_path


def test_changes_with_code_and_only_with_code(root: Path) -> None:
    before = code_version("room", "two.py")
    (root / "room" / "notes.txt").write_text("y")
    assert code_version("room", "two.py") == before
    (root / "room" / "one.py").write_text("a = 2")
    assert code_version("room", "two.py") != before


def test_a_renamed_file_counts(root: Path) -> None:
    before = code_version("room")
    (root / "room" / "one.py").rename(root / "room" / "uno.py")
    assert code_version("room") != before


def test_a_missing_part_is_an_error(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        code_version("no_such_file.py")
