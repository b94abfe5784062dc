"""A new version folder: seen whole or not at all, by one writer at a time."""

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from tfx_pipeline.errors import PipelineError
from tfx_pipeline.new_version import LOCK_FILE, next_version, served_version, sole_writer, version_after


@pytest.fixture
def served(tmp_path: Path) -> Path:
    for version in (7, 10):
        (tmp_path / "serving" / "shoprank" / str(version)).mkdir(parents=True)
        (tmp_path / "serving" / "shoprank" / str(version) / "saved_model.pb").touch()
    return served_version(tmp_path, "test")[1]


def test_the_highest_version_is_served(served: Path, tmp_path: Path) -> None:
    assert served_version(tmp_path, "test") == (10, served)
    assert version_after(served) == 11
    with pytest.raises(PipelineError, match="elsewhere/serving/shoprank: no version to test; a run that is blessed"):
        served_version(tmp_path / "elsewhere", "test")


def test_a_version_appears_when_it_is_whole(served: Path) -> None:
    with next_version(served) as aside:
        aside.mkdir()
        (aside / "saved_model.pb").write_text("model")
        assert sorted(path.name for path in served.parent.iterdir() if path.name.isdigit()) == ["10", "7"]
    assert (served.with_name("11") / "saved_model.pb").read_text() == "model"
    assert sorted(os.listdir(served.parent)) == ["10", "11", "7"]


def test_a_failure_leaves_nothing(served: Path) -> None:
    with pytest.raises(OSError, match="full"), next_version(served) as aside:
        aside.mkdir()
        raise OSError("the disk is full")
    assert sorted(os.listdir(served.parent)) == ["10", "7"]


def test_what_a_killed_writer_left_is_cleared(served: Path) -> None:
    left = served.with_name(".11.aside")
    left.mkdir()
    (left / "half").touch()
    with next_version(served) as aside:
        assert not aside.exists()
        aside.mkdir()
    assert os.listdir(served.with_name("11")) == []


def test_a_version_that_appeared_meanwhile_stays(served: Path) -> None:
    other = served.with_name("11")
    with pytest.raises(OSError, match="not empty"), next_version(served) as aside:
        aside.mkdir()
        other.mkdir()
        (other / "saved_model.pb").write_text("other")
    assert (other / "saved_model.pb").read_text() == "other"


def test_the_second_writer_is_refused_or_waits(tmp_path: Path) -> None:
    message = f"^{tmp_path / LOCK_FILE}: another command is writing a version of this run; try again after it$"
    with sole_writer(tmp_path), pytest.raises(PipelineError, match=message), sole_writer(tmp_path, 0):
        pytest.fail("two writers at once")
    order, begun = [], threading.Event()

    def second() -> None:
        begun.set()
        with sole_writer(tmp_path):
            order.append("second")

    writer = threading.Thread(target=second)
    with sole_writer(tmp_path):
        writer.start()
        begun.wait()
        time.sleep(0.1)
        order.append("first")
    writer.join()
    assert order == ["first", "second"]


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    message = f"^{tmp_path / LOCK_FILE}: cannot be locked: No locks available$"
    with pytest.raises(PipelineError, match=message), sole_writer(tmp_path):
        pytest.fail("nothing is locked")
