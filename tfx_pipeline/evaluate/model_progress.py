"""How far an evaluation has come, on the terminal: which model is asked, a bar and the time left."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tfx_pipeline.evaluate.loaded_model import LoadedModel, Scorer
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Ranker, Rankings
from trainer.progress import PROGRESS_LOGGER, progress_of

Answer = TypeVar("Answer")


class ModelProgress(logging.Handler):
    """Shows one line while models are asked, and nothing where there is no terminal.

    A model that reports how far it has come moves the bar on its way.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Show progress on a console; without one nothing is shown."""
        super().__init__(logging.INFO)
        self._console = console
        self._bar: Progress | None = None
        self._answered = 0

    @contextmanager
    def of(self, models: Sequence[LoadedModel], questions: int) -> Iterator[None]:
        """Show the line while the block runs.

        Args:
            models: The models that will be asked.
            questions: How often each is asked: once for all items, and once more for new ones.
        """
        if self._console is None or not self._console.is_terminal:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        logger = logging.getLogger(PROGRESS_LOGGER)
        logger.addHandler(self)
        try:
            with Progress(*columns, console=self._console, transient=True) as self._bar:
                self._bar.add_task("", total=len(models) * questions)
                yield
        finally:
            logger.removeHandler(self)
            self._bar = None

    def emit(self, record: logging.LogRecord) -> None:
        """Move the bar by what the model that is being asked reports of itself."""
        progress = progress_of(record)
        if self._bar is not None and progress is not None and progress.total:
            self._bar.update(self._bar.task_ids[0], completed=self._answered + progress.done / progress.total)

    def ranker(self, model: LoadedModel) -> Ranker:
        """The model's ranker, which tells when it is asked and when it has answered."""

        def rank(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
            items = "new items" if new_only else "all items"
            return self._told(f"{model.source.name}, {items}", lambda: model.rank(cases, k, new_only))

        return rank

    def scorer(self, model: LoadedModel) -> Scorer:
        """The model's scorer, likewise."""

        def score(cases: EvaluationCases, candidates: Ragged) -> Ragged:
            return self._told(model.source.name, lambda: model.score(cases, candidates))

        return score

    def _told(self, what: str, ask: Callable[[], Answer]) -> Answer:
        if self._bar is None:
            return ask()
        self._bar.update(self._bar.task_ids[0], description=what)
        answer = ask()
        self._answered += 1
        self._bar.update(self._bar.task_ids[0], completed=self._answered)
        return answer
