from pathlib import Path

import pytest

from tfx_pipeline.write_aside import write_aside


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "made" / "page.html"
    with write_aside(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    with pytest.raises(RuntimeError, match="half way"), write_aside(path) as aside:
        aside.write_text("half")
        raise RuntimeError("half way")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
