"""What `shoprank run --watch` does with the process: its signals, its clock and its output."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from types import FrameType

import typer

from tfx_pipeline.config import Config
from tfx_pipeline.run_lock import WATCH_LOCK, sole_run
from tfx_pipeline.watch import EVERY_SECONDS, Watch
from tfx_pipeline.watched_run import run_apart

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def watch_verb(load: Callable[[], Config], arguments: Sequence[str], every_seconds: float | None = None) -> None:
    """Watch until SIGTERM or SIGINT; a run that is under way then is stopped, and goes on from the cache next time.

    Args:
        load: Reads the configuration.
        arguments: The options of `shoprank run` that name it.
        every_seconds: Time between two looks at the data; `EVERY_SECONDS` by default.

    Raises:
        ConfigError: The configuration cannot be used from the start.
        PipelineError: Another watch is at work in the same run directory.
    """
    every_seconds = every_seconds or EVERY_SECONDS
    run_dir = load().run_dir
    run_dir.mkdir(parents=True, exist_ok=True)
    with sole_run(run_dir, WATCH_LOCK), end_at_signal() as end:
        watch = Watch(
            load=load,
            run=lambda config: run_apart(arguments, config.run_dir, end.wait),
            wait=end.wait,
            tell=partial(print, flush=True),
            now=partial(datetime.now, timezone.utc),
        )
        typer.echo(f"waiting for new data of {run_dir}; a look every {every_seconds:g} s")
        watch.watch(every_seconds)
        typer.echo("the watch ended")


def run_arguments(options: Mapping[str, object]) -> list[str]:
    """Options as they are written on a command line; those that are None are left out."""
    return [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]


@contextmanager
def end_at_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, as long as this lasts."""
    end = threading.Event()

    def take(_number: int, _frame: FrameType | None) -> None:
        end.set()

    before = {number: signal.signal(number, take) for number in _SIGNALS}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
