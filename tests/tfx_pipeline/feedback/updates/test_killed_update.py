"""A kill -9 in the middle of an update, and two updates at once."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.model_server.version_directory import find_versions, fingerprint
from tests.tfx_pipeline.feedback.updates.small_run import LATER, VERSION, check_equal, refit, write_log
from tests.tfx_pipeline.feedback.updates.test_update import check_answer
from tfx_pipeline.feedback.posterior_version import read_posterior
from tfx_pipeline.feedback.update import update_from_feedback

REPOSITORY = Path(__file__).parents[4]
SCRIPT = Path(__file__).with_name("killable_update.py")
REQUESTS = ["a", "b", "c"]
Run = Callable[..., list[list[Any]]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Run jobs at the same time in processes of their own; exit status and new version of each."""
    # Not PIPE for the errors: nobody would read them, and a full pipe stops the process.
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(SCRIPT)],
        cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        answers, jobs = process.stdout, process.stdin

        def in_processes(*wanted: dict[str, Any]) -> list[list[Any]]:
            jobs.write(json.dumps([{"now": LATER, **job} for job in wanted]) + "\n")
            jobs.flush()
            return json.loads(answers.readline())

        yield in_processes


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("place", "after"),
    [("variables", False), ("variables", True), ("fingerprint", True), ("ledger", True), ("rename", False)],
)
def test_a_kill_leaves_the_old_version_and_the_log(run: Run, run_dir: Path, place: str, after: bool) -> None:
    shown = write_log(run_dir / "feedback", REQUESTS)
    versions, log = run_dir / "serving" / "shoprank", contents(run_dir / "feedback")
    before = fingerprint(versions / str(VERSION))
    assert run({"run_dir": str(run_dir), "place": place, "after": after}) == [[-9, ""]]
    assert list(find_versions(versions)) == [VERSION]
    assert fingerprint(versions / str(VERSION)) == before
    assert contents(run_dir / "feedback") == log
    # The next one is not held up by what was left, and leaves nothing of it.
    again = update_from_feedback(run_dir, now=LATER, wait_seconds=0)
    assert again.path is not None and again.slates == len(REQUESTS)
    assert sorted(path.name for path in versions.iterdir()) == ["7", "8"]
    check_equal(read_posterior(again.path), refit(shown))


def test_a_kill_after_the_last_step_loses_nothing(run: Run, run_dir: Path) -> None:
    shown = write_log(run_dir / "feedback", REQUESTS)
    assert run({"run_dir": str(run_dir), "place": "rename", "after": True}) == [[-9, ""]]
    version = run_dir / "serving" / "shoprank" / str(VERSION + 1)
    check_answer(version, refit(shown))
    assert update_from_feedback(run_dir, now=LATER).path is None


def test_two_updates_at_once(run: Run, run_dir: Path) -> None:
    shown = write_log(run_dir / "feedback", REQUESTS)
    done = run({"run_dir": str(run_dir)}, {"run_dir": str(run_dir)})
    assert sorted(done) == [[0, "8"], [0, "nothing"]]
    check_equal(read_posterior(run_dir / "serving" / "shoprank" / "8"), refit(shown))
