import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from serving.model_server.version_directory import find_versions
from tfx_pipeline.components.atomic_pusher import push_version


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


def test_a_pushed_version_is_the_whole_model(model: Path, tmp_path: Path) -> None:
    push_version(str(model), str(tmp_path / "serving" / "17"))
    assert sorted(path.name for path in (tmp_path / "serving").iterdir()) == ["17"]
    assert (tmp_path / "serving" / "17" / "variables" / "variables.index").read_bytes() == b"index"


def test_a_version_that_is_there_stays_as_it_is(model: Path, tmp_path: Path) -> None:
    there = tmp_path / "serving" / "17"
    there.mkdir(parents=True)
    push_version(str(model), str(there))
    assert list(there.iterdir()) == []


def test_what_an_interrupted_push_left_is_not_mixed_in(model: Path, tmp_path: Path) -> None:
    half = tmp_path / "serving" / ".17.aside"
    half.mkdir(parents=True)
    (half / "left over").touch()
    push_version(str(model), str(tmp_path / "serving" / "17"))
    assert not (tmp_path / "serving" / "17" / "left over").exists()


def test_a_killed_push_leaves_no_version(model: Path, tmp_path: Path) -> None:
    with (model / "variables" / "large").open("wb") as file:
        file.truncate(8 << 30)
    serving = tmp_path / "serving"
    program = "import sys; from tfx_pipeline.components.atomic_pusher import push_version; push_version(*sys.argv[1:])"
    command = [sys.executable, "-c", program, str(model), str(serving / "17")]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3]) as process:
        deadline = time.monotonic() + 120
        while not (serving / ".17.aside").exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert (serving / ".17.aside").exists()
    assert find_versions(serving) == {}
    shutil.rmtree(serving)
