"""Updates a run from feedback in processes that may be told to kill themselves in the middle.

Each line of standard input is a list of jobs as JSON, which run at the same time; the answer is a line with, for each,
the exit status of its process, -9 if it was killed, and the version that it wrote. Processes are forked, as what they
import takes seconds.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfx_pipeline.environment import prepare_environment

prepare_environment()

from tfx_pipeline.feedback import ledger, update  # noqa: E402
from trainer import saved_variables  # noqa: E402

PLACES: dict[str, tuple[Any, str]] = {
    "variables": (saved_variables, "_write_again"),
    "fingerprint": (saved_variables, "_sign_again"),
    "ledger": (ledger, "write_arrays"),
    "rename": (Path, "rename"),
}


def kill(place: str, after: bool) -> None:
    """Have this process kill itself right before or after a step."""
    owner, name = PLACES[place]
    function: Callable[..., Any] = getattr(owner, name)

    def killed(*arguments: Any) -> None:
        if after:
            function(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, killed)


def start(job: dict[str, Any]) -> tuple[int, int]:
    """Fork a process for a job; its id and where it says what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if "place" in job:
            kill(job["place"], job["after"])
        done = update.update_from_feedback(Path(job["run_dir"]), now=job["now"])
        os.write(writing, b"nothing" if done.path is None else done.path.name.encode())
        os._exit(0)
    os.close(writing)
    return child, reading


def finish(child: int, reading: int) -> tuple[int, str]:
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), message


if __name__ == "__main__":
    for line in sys.stdin:
        started = [start(job) for job in json.loads(line)]
        print(json.dumps([finish(*process) for process in started]), flush=True)
    # Taking TensorFlow apart takes seconds.
    os._exit(0)
