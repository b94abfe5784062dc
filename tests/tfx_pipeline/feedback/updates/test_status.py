"""What a log holds, by policy and version."""

import json
from pathlib import Path

import pytest

from serving.feedback import FeedbackLog
from tests.tfx_pipeline.feedback.updates.small_run import DAY, LATER, START, VERSION, WIDTH, write_log
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.printing import print_status, print_undo, print_update, status_json
from tfx_pipeline.feedback.run_export import export_run_log
from tfx_pipeline.feedback.status import SlateCounts, feedback_status
from tfx_pipeline.feedback.undo import undo_feedback
from tfx_pipeline.feedback.update import update_from_feedback

NOW = START + 2 * DAY
YOUNG = NOW - 3600


@pytest.fixture
def log(run_dir: Path) -> Path:
    """Two slates that were learned from; then a new, a young and a foreign one, and all kinds of outcomes."""
    folder = run_dir / "feedback"
    write_log(folder, ["r0", "r1"])
    update_from_feedback(run_dir, now=NOW)
    write_log(folder, ["r2"], version=VERSION + 1)
    write_log(folder, ["r3"], start=YOUNG)
    write_log(folder, ["r4"], version=99, width=WIDTH + 1)
    with FeedbackLog(folder) as more:
        more.outcome("r2", "never shown", "purchase", START + 60)
        more.outcome("nobody", "a", "purchase", START + 60)
        more.outcome("r0", slot_of(folder, "r0"), "purchase", START + DAY + 61)
        more.outcome("r0", slot_of(folder, "r0"), "purchase", START + DAY + 61)
    return folder


def slot_of(folder: Path, request: str) -> str:
    """An item of a slate: the id decides all of it."""
    return write_log(folder.with_name("again"), [request])[0].item_id


def test_every_slate_is_counted_once(run_dir: Path, log: Path) -> None:
    status = feedback_status(run_dir, now=NOW)
    assert status.served == VERSION + 1
    assert status.slates == (
        SlateCounts("7", "thompson", slates=3, learned=2, waiting=0, too_young=1, other_ranker=0),
        SlateCounts("8", "thompson", slates=1, learned=0, waiting=1, too_young=0, other_ranker=0),
        SlateCounts("99", "thompson", slates=1, learned=0, waiting=0, too_young=0, other_ranker=1),
    )
    counts = status.counts
    assert (counts.late, counts.duplicate, counts.not_shown, counts.unknown_request) == (1, 1, 1, 1)


def test_it_is_told_as_a_table_and_as_json(run_dir: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = feedback_status(run_dir, now=NOW)
    print_status(status)
    shown = capsys.readouterr().out
    assert shown.startswith("version 8 is served\n") and "another ranker" in shown
    rows = [line.split() for line in shown.splitlines() if "thompson" in line]
    assert rows == [["7", "thompson", "3", "2", "0", "1", "0"], ["8", "thompson", "1", "0", "1", "0", "0"],
                    ["99", "thompson", "1", "0", "0", "0", "1"]]  # fmt: skip
    assert "1 late, 1 duplicate, 1 on an item that was not shown, 1 of an unknown request" in shown
    assert json.loads(status_json(status))["slates"][1]["waiting"] == 1


def test_what_an_update_did_is_told(run_dir: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update = update_from_feedback(run_dir, now=NOW)
    print_update(update)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"version 9: learned from 1 slates with 2 items, {update.rewarded} of them rewarded"
    assert lines[1].startswith("made from version 8 in ")
    assert lines[2] == "slates left out: 2 learned from before, 1 too young, 1 of another ranker"
    assert lines[3].startswith("outcomes left out: 1 late, 1 duplicate, ")
    assert lines[4] == str(update.path)
    print_update(update_from_feedback(run_dir, now=NOW))
    assert capsys.readouterr().out.splitlines()[:2] == [
        "version 9: nothing new to learn from",
        "slates left out: 3 learned from before, 1 too young, 1 of another ranker",
    ]
    print_undo(undo_feedback(run_dir))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "version 10: the posterior of version 8, without 1 slates"
    assert lines[1].startswith("made from version 9 in ") and lines[2].endswith("/serving/shoprank/10")


def test_the_log_is_exported(run_dir: Path, log: Path, tmp_path: Path) -> None:
    folder = export_run_log(run_dir, tmp_path / "obp", now=LATER)
    rounds = next(folder.glob("all.csv")).read_text().splitlines()
    assert len(rounds) == 1 + 2 * 4


def test_nothing_to_export(run_dir: Path, tmp_path: Path) -> None:
    write_log(run_dir / "feedback", ["r"])
    with pytest.raises(PipelineError, match=f"^{run_dir}/feedback: there is no shown slot to export"):
        export_run_log(run_dir, tmp_path / "obp", now=START + 60)
