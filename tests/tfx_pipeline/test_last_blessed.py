from pathlib import Path

import pytest

from tfx_pipeline.last_blessed import last_version_before


@pytest.mark.parametrize(
    ("pushed", "version", "last"),
    [
        ([], 5, None),
        (["5"], 5, None),
        (["3", "4", "5"], 5, "4"),
        (["9", "10"], 11, "10"),
        (["3", ".4.aside", "notes"], 5, "3"),
        (["7"], 5, None),
    ],
)
def test_newest_older_version(tmp_path: Path, pushed: list[str], version: int, last: str | None) -> None:
    for name in pushed:
        (tmp_path / name).mkdir()
    found = last_version_before(tmp_path, version)
    assert found == (tmp_path / last if last else None)


def test_nothing_was_ever_pushed(tmp_path: Path) -> None:
    assert last_version_before(tmp_path / "serving", 5) is None
