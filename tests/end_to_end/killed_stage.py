"""Runs the pipeline in processes that may be told to be killed in the middle of a stage.

Each line of standard input is a job as JSON: `config`, the file, and `stage`, the node to be killed in, or '' for none.
That is as soon as the stage has written a file, and at the latest when its work is done but not recorded. The answer is
a line with the exit status of the process, -9 if it was killed. Processes are forked, as what they import takes long.
"""

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from tfx_pipeline.config import load_config
from tfx_pipeline.environment import prepare_environment
from tfx_pipeline.run import run


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_first_file(folders: list[Path]) -> None:
    pause = threading.Event()
    while not any(path.is_file() for folder in folders for path in folder.rglob("*")):
        pause.wait(0.01)
    kill()


def be_killed_in(stage: str) -> None:
    """Have the executor of a stage killed, whichever way TFX runs it."""
    from tfx.orchestration.portable import python_executor_operator as operator

    run_with_executor = operator.run_with_executor

    def run_or_die(execution_info: Any, executor: Any) -> Any:
        if execution_info.pipeline_node.node_info.id != stage:
            return run_with_executor(execution_info, executor)
        outputs = [Path(each.uri) for artifacts in execution_info.output_dict.values() for each in artifacts]
        threading.Thread(target=kill_at_first_file, args=(outputs,), daemon=True).start()
        run_with_executor(execution_info, executor)
        return kill()

    operator.run_with_executor = run_or_die


def run_apart(job: dict[str, str]) -> int:
    """Run a job in a process of its own; its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            # The answers are on standard output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            be_killed_in(job["stage"])
            run(load_config(Path(job["config"])))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    prepare_environment()
    # Before the first fork.
    import tfx_pipeline.pipeline
    import tfx_pipeline.runners  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(run_apart(json.loads(line))), flush=True)
