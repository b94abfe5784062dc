"""Two worker processes on this machine, which find each other by `TF_CONFIG`."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PROCESS = [sys.executable, "-m", "tests.trainer.distribution.worker_process"]


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    tasks = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in range(2)]
    environments = [{**os.environ, "TF_CONFIG": task, "CUDA_VISIBLE_DEVICES": "-1"} for task in tasks]
    logs = [tmp_path_factory.mktemp("worker") / "log" for _ in environments]
    with ExitStack() as stack:
        workers = []
        for environment, log in zip(environments, logs, strict=True):
            # A file, not a pipe: a worker that waits for its log to be read keeps the other one waiting.
            errors = stack.enter_context(log.open("w"))
            workers.append(
                subprocess.Popen(PROCESS, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
            )
            stack.callback(workers[-1].kill)
        outputs = [worker.communicate(timeout=600)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], [log.read_text()[-2000:] for log in logs]
    return [json.loads(output.splitlines()[-1]) for output in outputs]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["towers", "ranker", "divided"])
def test_two_workers_learn_what_one_does(results: list[dict[str, Any]], part: str) -> None:
    assert [each["replicas"] for each in results] == [2, 2]
    alone = results[0]["alone"]["ranker" if part == "ranker" else "towers"]
    assert abs(alone["losses"][-1] - alone["losses"][0]) > 0.1
    for each in results:
        assert each["together"][part]["losses"] == pytest.approx(alone["losses"], abs=1e-5)
        assert each["together"][part]["weights"] == pytest.approx(alone["weights"], rel=1e-5)


@pytest.mark.slow
def test_each_worker_holds_its_part_of_a_divided_table(results: list[dict[str, Any]]) -> None:
    for each in results:
        # A table, and the two slots of its optimizer.
        assert each["together"]["towers"]["rows"] == [11, 11, 11]
        assert each["together"]["divided"]["rows"] == [6, 6, 6]
