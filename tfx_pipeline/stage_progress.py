"""The stages of a run on the console: what runs, how far it has come, and how long each stage took."""

import logging
import os
import re
import time
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from tfx_pipeline.number_format import format_seconds
from tfx_pipeline.work_pace import WorkPace
from trainer.progress import WorkProgress, progress_of

_STARTED, _ENDED = re.compile(r"Component (\S+) is running\."), re.compile(r"Component (\S+) is finished\.")
_CACHED = re.compile(r"A cached execution \d+ is used\.")
_LONGEST_NAME, _LONGEST_TIME = 24, 11
_BAR_WIDTH = 16
_SECONDS_BETWEEN_LINES = 20
"""Without a terminal, a piece of work prints at most one line in this time."""


@dataclass
class _Stage:
    name: str
    start: float
    told: float
    is_cached: bool = False
    pace: WorkPace | None = None
    live: Progress | None = None


class StageProgress(logging.Handler):
    """Shows on a console what the log says of stages and of long work, and nothing else of it.

    On a terminal a stage has one line, with a bar and the time left where its work reports itself; elsewhere one line
    when it ends, and one now and then before. Use it as a context manager: a stage that an error leaves open gets its
    line as well.
    """

    def __init__(self, console: Console) -> None:
        """Write to `console`."""
        super().__init__(logging.INFO)
        self._console = console
        self._stage: _Stage | None = None
        self._process = os.getpid()

    def __enter__(self) -> "StageProgress":
        """Nothing is shown before a stage starts."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the stage that is still open, if any."""
        if self._stage is not None:
            seconds = time.time() - self._stage.start
            self._end(seconds, "interrupted" if kind in (None, KeyboardInterrupt) else "failed")

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of the log; those of worker processes, which have no console, are left."""
        if record.process != self._process:
            return
        progress = progress_of(record)
        if progress is not None:
            self._show(progress, record.created)
        elif record.name == "absl":
            self._follow(record.getMessage(), record.created)

    def _follow(self, message: str, at: float) -> None:
        """Follow what TFX says of its stages."""
        started = _STARTED.fullmatch(message)
        if started:
            self._stage = _Stage(started.group(1), at, told=at, live=self._start_line(started.group(1)))
        elif self._stage is not None and _CACHED.fullmatch(message):
            self._stage.is_cached = True
        elif self._stage is not None and _ENDED.fullmatch(message):
            self._end(at - self._stage.start, "cached" if self._stage.is_cached else "")

    def _start_line(self, name: str) -> Progress | None:
        if not self._console.is_interactive:
            return None
        live = Progress(
            *_columns(),
            console=self._console,
            transient=True,
            refresh_per_second=4,
            # What libraries print belongs into the log file.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.add_task("", total=None, stage=name, pace=None)
        live.start()
        return live

    def _end(self, seconds: float, remark: str) -> None:
        stage = self._stage
        if stage is None:
            return
        if stage.live is not None:
            stage.live.stop()
        self._stage = None
        line = Text(f"{stage.name:<{_LONGEST_NAME}}", style="bold")
        line.append(f"{format_seconds(seconds):>{_LONGEST_TIME}}", style="not bold")
        if remark:
            line.append(f"  {remark}", style="not bold dim" if remark == "cached" else "not bold red")
        self._console.print(line, soft_wrap=True)

    def _show(self, progress: WorkProgress, at: float) -> None:
        stage = self._stage
        if stage is None:
            return
        if progress.done == progress.total:
            stage.pace = None
        elif stage.pace is not None and stage.pace.continues(progress):
            stage.pace.update(progress, at)
        else:
            stage.pace = WorkPace(progress, at)
        if stage.live is not None:
            stage.live.update(stage.live.task_ids[0], pace=stage.pace)
        elif stage.pace is not None and at - stage.told >= _SECONDS_BETWEEN_LINES:
            stage.told = at
            self._console.print(Text(f"{stage.name}: {stage.pace}"), soft_wrap=True)


class _Elapsed(TimeElapsedColumn):
    """The time that the stage has taken, where nothing tells how much is left."""

    def render(self, task: Task) -> Text:
        return Text() if _is_known(task.fields["pace"]) else super().render(task)


class _Bar(ProgressColumn):
    """A bar and the share that is done, where there is work that reports itself."""

    def render(self, task: Task) -> RenderableType:
        pace: WorkPace | None = task.fields["pace"]
        if pace is None:
            return Text()
        total = pace.latest.total
        return ProgressBar(total, pace.latest.done, _BAR_WIDTH, pulse=total is None)


class _Work(ProgressColumn):
    """What is being done."""

    def render(self, task: Task) -> RenderableType:
        pace: WorkPace | None = task.fields["pace"]
        return Text("" if pace is None else str(pace), no_wrap=True, overflow="ellipsis")


def _is_known(pace: WorkPace | None) -> bool:
    return pace is not None and pace.seconds_left is not None


def _columns() -> list[ProgressColumn]:
    # A narrow terminal takes from the last column alone.
    return [
        SpinnerColumn(table_column=Column(no_wrap=True)),
        TextColumn("[bold]{task.fields[stage]}[/bold]"),
        _Elapsed(table_column=Column(no_wrap=True)),
        _Bar(table_column=Column(no_wrap=True)),
        _Work(),
    ]
