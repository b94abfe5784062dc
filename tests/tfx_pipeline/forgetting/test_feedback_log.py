"""A user out of a whole feedback log, also while others write to it."""

import os
from pathlib import Path

import pytest

from serving.feedback.part_files import Format, write_part
from tests.tfx_pipeline.feedback import log_makers as makers
from tfx_pipeline.feedback.outcomes import read_outcomes
from tfx_pipeline.feedback.shown import read_shown
from tfx_pipeline.forgetting import feedback_log
from tfx_pipeline.forgetting.erasure import Erasure
from tfx_pipeline.forgetting.feedback_log import erase_feedback, log_folders
from tfx_pipeline.forgetting.user import User

USER = User("anna", "0f3a")
FORMATS: list[Format] = ["parquet", "tfrecord"]
CONFIG = """
run_dir: .
data: {{events: {{path: e.csv}}, feedback: {feedback}}}
objectives: {{buy: {{event_types: [buy]}}}}
"""


@pytest.fixture(params=FORMATS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Slates r0, r2 and r4 are the user's, under both names; r3 has no user; each has an outcome, and so has r9."""
    users = ["0f3a", "bob", "anna", "", "0f3a"]
    slates = [makers.shown_row(f"r{n}", user_id=user) for n, user in enumerate(users)]
    outcomes = [makers.outcome_row(f"r{n}", value=n / 8) for n in (0, 1, 2, 3, 4, 9)]
    folder = tmp_path / "log"
    for rows in (slates[:3], slates[3:4], slates[4:]):
        write_part(folder, "shown", request.param, rows)
    for rows in (outcomes[:2], outcomes[2:3], outcomes[3:]):
        write_part(folder, "outcomes", request.param, rows)
    return folder


def erase(folder: Path) -> Erasure:
    erasure = Erasure()
    erase_feedback(folder, USER, erasure)
    return erasure


def requests(folder: Path) -> tuple[list[str], list[str]]:
    return sorted(read_shown(folder)["request_id"]), sorted(read_outcomes(folder)["request_id"])


def test_slates_and_their_outcomes_go_and_no_others(log: Path) -> None:
    shown, outcomes = read_shown(log), read_outcomes(log)
    erasure = erase(log)
    assert requests(log) == (["r1", "r3"], ["r1", "r3", "r9"])
    for before, after in ((shown, read_shown(log)), (outcomes, read_outcomes(log))):
        kept = before[before["request_id"].isin(after["request_id"])].drop(columns=["file", "row"])
        assert kept.astype(str).values.tolist() == after.drop(columns=["file", "row"]).astype(str).values.tolist()
    told = sorted((each.path.parent.name, each.removed, each.what) for each in erasure.rewritten)
    assert told == [
        ("outcomes", 1, "outcomes"),
        ("outcomes", 1, "outcomes"),
        ("outcomes", 1, "outcomes"),
        ("shown", 1, "slates"),
        ("shown", 2, "slates"),
    ]
    assert len(list(log.glob("*/*"))) == 4  # A part of each table had nothing else.
    assert erasure.unreadable == erase(log).rewritten == []


@pytest.mark.parametrize("files", [0, 1, 2])
def test_running_again_completes_an_interrupted_call(log: Path, monkeypatch: pytest.MonkeyPatch, files: int) -> None:
    replace, left = os.replace, iter(range(files))

    def replace_some(source: Path, destination: Path) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        replace(source, destination)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(os, "replace", replace_some)
        erase(log)
    erase(log)
    assert requests(log) == (["r1", "r3"], ["r1", "r3", "r9"])


def test_parts_that_come_while_it_runs_stay_whole(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erase_slates = feedback_log.erase_slates
    new: list[Path] = []

    def write_and_erase(path: Path, user: User) -> int:
        if not new:
            new.append(write_part(log, "shown", "parquet", [makers.shown_row("late", user_id="bob")]))
        return erase_slates(path, user)

    monkeypatch.setattr(feedback_log, "erase_slates", write_and_erase)
    erase(log)
    assert requests(log)[0] == ["late", "r1", "r3"]


@pytest.mark.parametrize("table", ["shown", "outcomes"])
def test_damaged_and_unfinished_parts_are_told_and_left(log: Path, table: str) -> None:
    damaged = [log / table / "1.parquet", log / table / "1.tfrecord", log / table / ".2.parquet"]
    for path in damaged:
        path.write_bytes(b"PAR1 twelve bytes and no more")
    erasure = erase(log)
    assert sorted(erasure.unreadable) == sorted(damaged)
    assert len(erasure.rewritten) == 5
    for path in damaged:
        path.unlink()
    assert requests(log) == (["r1", "r3"], ["r1", "r3", "r9"])


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    erasure = erase(tmp_path / "none")
    assert erasure.rewritten == erasure.unreadable == []


@pytest.mark.parametrize(
    ("feedback", "expected"), [("null", ["feedback"]), ("../log", ["../log", "feedback"]), ("feedback/", ["feedback"])]
)
def test_where_a_log_may_be(tmp_path: Path, feedback: str, expected: list[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text(CONFIG.format(feedback=feedback))
    assert log_folders(run) == [Path(os.path.normpath(run / each)) for each in expected]
