"""Runs ingestion and the building of examples in processes that may be told to kill themselves in the middle.

Each line of standard input is a job as JSON; the answer is a line with the exit status of the process, -9 if it was
killed, and the message of the error with which it ended. Processes are forked, as what they import takes seconds.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx_pipeline import example_files
from tfx_pipeline.config import HistoryConfig, SplitConfig
from tfx_pipeline.sources import (
    beam_events,  # noqa: F401  imported before the first fork
    event_files,
    ingest,
    sieve,
)
from tfx_pipeline.sources.errors import DataError
from tfx_pipeline.split_tables import read_split
from tfx_pipeline.table_config import DataConfig

EVENTS_PER_SHARD = 40
HISTORY = HistoryConfig(window=5, context=3, length=8)
OWNERS: dict[str, Any] = {"sift": sieve.Sieve, "replace": os, "rename": Path}


def kill_after(name: str, count: int) -> None:
    """Have this process kill itself right after a function was called so many times."""
    owner, calls = OWNERS[name], iter(range(1, count))
    function: Callable[..., Any] = getattr(owner, name)

    def counted(*args: Any) -> Any:
        result = function(*args)
        if next(calls, None) is None:
            os.killpg(0, signal.SIGKILL)
        return result

    setattr(owner, name, counted)


def kill_halfway_through(count: int) -> None:
    """Have this process kill itself when half of a file, counted in the order of their last bytes, is written."""
    calls = iter(range(1, count))
    replace = os.replace

    def interrupted(source: Path, destination: Path) -> None:
        if next(calls, None) is None:
            os.truncate(source, os.path.getsize(source) // 2)
            os.killpg(0, signal.SIGKILL)
        replace(source, destination)

    os.replace = interrupted  # type: ignore[assignment]


def prepare(job: dict[str, Any], stage: str) -> None:
    if job.get("stage") == stage:
        if job["place"] == "halfway":
            kill_halfway_through(job["count"])
        else:
            kill_after(job["place"], job["count"])


def run(job: dict[str, Any]) -> None:
    """What the components Ingest and ExampleBuilder do, one after the other; tables that are given are not made."""
    tables, examples = Path(job["tables"]), Path(job["examples"])
    if not job["has_tables"]:
        prepare(job, "ingest")
        ingest.ingest(DataConfig.model_validate(job["data"]), ["buy"], tables)
    prepare(job, "examples")
    split = read_split(tables, SplitConfig())
    with ingest.in_process() as pipeline:
        example_files.build_examples(pipeline, tables, split, HISTORY, examples)
    example_files.check_training_users(tables, examples)


def run_apart(job: dict[str, Any]) -> tuple[int, str]:
    """Run a job in a process of its own; its exit status, and the message of its error."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        try:
            run(job)
        except DataError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), message


if __name__ == "__main__":
    event_files.EVENTS_PER_SHARD = EVENTS_PER_SHARD
    for line in sys.stdin:
        print(json.dumps(run_apart(json.loads(line))), flush=True)
