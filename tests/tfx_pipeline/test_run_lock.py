"""Two runs at once in one directory: the second is refused, whatever becomes of the first."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tfx_pipeline.cli import app
from tfx_pipeline.new_version import sole_writer
from tfx_pipeline.run_lock import RUN_LOCK, WATCH_LOCK, RunUnderWayError, sole_run

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from tfx_pipeline.run_lock import sole_run
with sole_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the directory until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def refusal(run_dir: Path) -> str:
    with pytest.raises(RunUnderWayError) as error, sole_run(run_dir):
        pytest.fail("two runs at once")
    return str(error.value)


def test_the_second_is_told_who_holds_the_directory(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    told = refusal(tmp_path)
    assert told.startswith(f"{tmp_path}: process {holder.pid}, begun 20")
    assert told.endswith(" UTC, is at work here; wait until it is done, or give this one another run_dir")
    assert "\n" not in told


def test_a_run_that_is_killed_leaves_no_lock(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    refusal(tmp_path)
    holder.kill()
    holder.wait()
    with sole_run(tmp_path):
        assert refusal(tmp_path).startswith(f"{tmp_path}: process ")


def test_the_verb_is_refused_before_anything_is_written(holder: "subprocess.Popen[str]", tmp_path: Path) -> None:
    data = tmp_path / "shop"
    data.mkdir()
    (data / "events.csv").write_text("user_id,item_id,event_type,timestamp\n1,1,buy,2026-01-01\n")
    (data / "items.csv").write_text("item_id,title\n1,Tea\n")
    tables = {"events": {"path": "events.csv"}, "items": {"path": "items.csv"}}
    document = {"run_dir": str(tmp_path), "data": tables, "objectives": {"buy": {"event_types": ["buy"]}}}
    (data / "shop.yaml").write_text(yaml.safe_dump(document))
    before = sorted(tmp_path.iterdir())
    done = CliRunner().invoke(app, ["run", "--config", str(data / "shop.yaml")])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"shoprank: {tmp_path}: process {holder.pid}, begun ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_the_lock_ends_with_the_run_and_names_nobody_then(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), sole_run(tmp_path):
        raise ZeroDivisionError
    assert (tmp_path / RUN_LOCK).read_text() == ""
    with sole_run(tmp_path):
        pass


def test_versions_are_written_and_data_are_watched_meanwhile(tmp_path: Path) -> None:
    with sole_run(tmp_path), sole_run(tmp_path, WATCH_LOCK), sole_writer(tmp_path, 0):
        assert refusal(tmp_path)
    with sole_writer(tmp_path, 0), sole_run(tmp_path):
        pass


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    message = f"^{tmp_path / RUN_LOCK}: cannot be locked: No locks available$"
    with pytest.raises(ValueError, match=message), sole_run(tmp_path):
        pytest.fail("nothing is locked")
