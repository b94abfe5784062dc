import logging
import os
from io import StringIO

import pytest
from rich.console import Console

from tfx_pipeline.stage_progress import StageProgress
from trainer.progress import PROGRESS_LOGGER, WorkProgress

START = 1_767_323_040.0


class Shown:
    """A `StageProgress` on a console of its own, fed with records of chosen times."""

    def __init__(self, **options: object) -> None:
        self.file = StringIO()
        self.handler = StageProgress(Console(file=self.file, width=80, _environ={}, **options))  # type: ignore[arg-type]

    def say(self, message: str, at: float = 0.0, name: str = "absl", **attributes: object) -> None:
        record = {"msg": message, "name": name, "created": START + at, "process": os.getpid(), **attributes}
        self.handler.handle(logging.makeLogRecord(record))

    def report(self, done: int, total: int | None, at: float, what: str = "encoding texts", text: str = "") -> None:
        progress = WorkProgress(what, done, total, text)
        self.say(str(progress), at, PROGRESS_LOGGER, work_progress=progress)

    def stage(self, name: str, seconds: float, cached: bool = False) -> None:
        self.say(f"Component {name} is running.")
        if cached:
            self.say("A cached execution 7 is used.")
        self.say(f"Component {name} is finished.", at=seconds)

    @property
    def text(self) -> str:
        return self.file.getvalue()


@pytest.fixture
def pipe() -> Shown:
    return Shown()


@pytest.fixture
def terminal() -> Shown:
    return Shown(force_terminal=True)


def test_without_a_terminal_a_stage_is_one_plain_line_when_it_ends(pipe: Shown) -> None:
    pipe.say("Component Transform is running.")
    assert pipe.text == ""
    pipe.say("Component Transform is finished.", at=54.13)
    pipe.stage("StatisticsGen", 0.04, cached=True)
    pipe.stage("DistributionComparator", 125)
    assert pipe.text == (
        "Transform                    54.1 s\n"
        "StatisticsGen                 0.0 s  cached\n"
        "DistributionComparator   2 min 05 s\n"
    )


def test_long_work_tells_of_itself_now_and_then(pipe: Shown) -> None:
    pipe.say("Component TextEncoding is running.")
    for second in range(60):
        pipe.report(100 * (second + 1), 6100, at=second)
    pipe.say("Component TextEncoding is finished.", at=60)
    assert pipe.text.splitlines() == [
        "TextEncoding: 34 %, 40.0 s left, encoding texts, 2,100 of 6,100",
        "TextEncoding: 67 %, 20.0 s left, encoding texts, 4,100 of 6,100",
        "TextEncoding             1 min 00 s",
    ]


def test_work_that_is_done_and_work_that_starts_again_have_a_rate_of_their_own(pipe: Shown) -> None:
    pipe.say("Component CatalogueEvaluator is running.")
    pipe.report(1, 10, at=0)
    pipe.report(10, 10, at=25)
    assert pipe.text == ""
    pipe.report(1, 10, at=26)
    pipe.report(3, 10, at=45)
    assert pipe.text.splitlines() == [
        "CatalogueEvaluator: 10 %, encoding texts, 1 of 10",
    ]
    pipe.report(4, 10, at=56)
    assert pipe.text.splitlines()[1:] == ["CatalogueEvaluator: 40 %, 1 min 00 s left, encoding texts, 4 of 10"]


def test_chatter_is_not_shown(pipe: Shown) -> None:
    pipe.say("Component Transform is running. Really", at=1)
    pipe.say("Component Transform is running.", name="apache_beam")
    pipe.say("A cached execution 7 is used.")
    pipe.say("Component Transform is finished.")
    pipe.report(1, 2, at=99)
    assert pipe.text == ""


def test_worker_processes_have_no_console(pipe: Shown) -> None:
    pipe.say("Component Transform is running.", process=os.getpid() + 1)
    pipe.say("Component Transform is finished.", process=os.getpid() + 1)
    assert pipe.text == ""


@pytest.mark.parametrize(("error", "word"), [(ValueError, "failed"), (KeyboardInterrupt, "interrupted")])
def test_a_stage_that_an_error_leaves_open_gets_its_line(
    pipe: Shown, error: type[BaseException], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfx_pipeline.stage_progress.time.time", lambda: START + 3.2)
    with pytest.raises(error), pipe.handler:
        pipe.say("Component Transform is running.")
        raise error
    assert pipe.text == f"Transform                     3.2 s  {word}\n"


def test_an_error_between_stages_is_no_stage(pipe: Shown) -> None:
    with pytest.raises(ValueError), pipe.handler:
        pipe.stage("Ingest", 1)
        raise ValueError
    assert pipe.text == "Ingest                        1.0 s\n"


def test_a_terminal_shows_the_stage_while_it_runs_and_one_line_after(terminal: Shown) -> None:
    terminal.say("Component TowerTrainer is running.")
    assert "TowerTrainer" in terminal.text and "0:00:00" in terminal.text
    terminal.say("Component TowerTrainer is finished.", at=80)
    last = terminal.text.splitlines()[-1]
    assert last.endswith("\x1b[1mTowerTrainer            \x1b[0m 1 min 20 s")
    # The cursor is back.
    assert terminal.text.count("\x1b[?25l") == terminal.text.count("\x1b[?25h") == 1


def shown_now(terminal: Shown) -> str:
    """What the live line says, without styles."""
    stage = terminal.handler._stage
    assert stage is not None and stage.live is not None
    plain = Console(file=StringIO(), width=terminal.handler._console.width, _environ={})
    plain.print(stage.live.get_renderable(), end="")
    text: str = plain.file.getvalue()  # type: ignore[attr-defined]
    return text.strip()


def test_a_terminal_shows_a_bar_and_the_time_left(terminal: Shown) -> None:
    terminal.say("Component TowerTrainer is running.")
    assert "━" not in shown_now(terminal)
    for second in range(10):
        terminal.report(second + 1, 40, second, what="training", text=f"epoch 1 of 4, loss {8 - second / 10:.4f}")
    line = shown_now(terminal)
    assert line.endswith("25 %, 30.0 s left, epoch 1 of 4, loss 7.1000")
    assert line.count("━") == 4  # of 16, and without colours the rest is blank
    assert "0:00" not in line
    terminal.report(40, 40, at=41, what="training")
    assert "━" not in shown_now(terminal) and "0:00:00" in shown_now(terminal)
    terminal.report(7, None, at=42)
    assert shown_now(terminal).endswith("━" * 16 + " encoding texts, 7")
    terminal.say("Component TowerTrainer is finished.", at=43)


def test_a_narrow_terminal_cuts_what_is_being_done(terminal: Shown) -> None:
    terminal.handler._console.width = 50
    terminal.say("Component TowerTrainer is running.")
    terminal.report(1, 40, at=0)
    terminal.report(20, 40, at=19)
    line = shown_now(terminal)
    assert "TowerTrainer" in line and "50 %, 20.0 s" in line and line.endswith("…")
    assert len(line) <= 50
    terminal.say("Component TowerTrainer is finished.", at=43)


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines() -> None:
    dumb = Shown(force_terminal=True, force_interactive=False, no_color=True)
    dumb.stage("Transform", 2)
    assert "\x1b[?25l" not in dumb.text and dumb.text.count("\n") == 1
