"""`shoprank run --watch`: whenever there are new data, run the pipeline, and go on whatever came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tfx_pipeline.config import Config, ConfigError
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.run_lock import sole_run
from tfx_pipeline.run_summary import RunSummaryError
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.watched_data import (
    DataState,
    Handled,
    input_version,
    look,
    read_handled,
    what_is_new,
    write_handled,
)
from tfx_pipeline.watched_run import Outcome, Wait

EVERY_SECONDS = 60.0


@dataclass
class Watch:
    """Waits for new data of a configuration and runs the pipeline on them.

    Data are taken when two looks in a row find the same files with the same sizes and times, so that a file which is
    still being written is left alone. Each state of data and configuration is tried once, even over a restart: bad
    data are told and waited out.

    Attributes:
        load: Reads the configuration, which may change while the watch goes on.
        run: Runs the pipeline of the configuration.
        wait: Waits between two looks; True as soon as the watch is to end.
        tell: Takes the line of a cycle.
        now: The clock, UTC.
    """

    load: Callable[[], Config]
    run: Callable[[Config], Outcome]
    wait: Wait
    tell: Callable[[str], None]
    now: Callable[[], datetime]
    _seen: DataState | None = field(default=None, init=False)
    _settled: tuple[DataState, str] | None = field(default=None, init=False)
    _told: str = field(default="", init=False)

    def watch(self, every_seconds: float = EVERY_SECONDS) -> None:
        """Look again and again, until `wait` says that the watch is to end.

        Args:
            every_seconds: Time between two looks.
        """
        while not (self.look_once() or self.wait(every_seconds)):
            pass

    def look_once(self) -> bool:
        """Look at the data, and run the pipeline if they are new and complete; whether the watch was told to end."""
        try:
            config = self.load()
            return self._handle(config, look(config.data))
        except (ConfigError, DataError, PipelineError, RunSummaryError, OSError) as error:
            self._settled = None
            self._tell_once(f"waiting: {error}")
            return False

    def _handle(self, config: Config, state: DataState) -> bool:
        before, self._seen = self._seen, state
        here = state, config.model_dump_json()
        if state != before or here == self._settled:
            return False
        handled, version = read_handled(config.run_dir), input_version(config)
        # After the data were read, which may take minutes.
        _check_free(config.run_dir)
        if version != handled.version:
            new = what_is_new(state, handled, config.data.events)
            outcome = self.run(config)
            self._tell_once(f"{new}: {outcome.text}", again=True)
            if outcome.stopped or outcome.refused:
                return outcome.stopped
            # What was killed is tried again after a restart, but not every minute.
            if outcome.handled:
                write_handled(Handled(version, max(state.spans, default=None), outcome.text), config.run_dir)
        else:
            self._tell_once(f"nothing new; of the data that are there: {handled.outcome}")
        self._settled = here
        return False

    def _tell_once(self, line: str, again: bool = False) -> None:
        """Tell a line, unless it is the one that was told last."""
        if again or line != self._told:
            self.tell(f"{self.now():%Y-%m-%d %H:%M:%S} UTC  {line}")
        self._told = line


def _check_free(run_dir: Path) -> None:
    """Check that nobody runs the pipeline here: then the data have to wait, and are not to be counted as tried."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with sole_run(run_dir):
        pass
