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
def results() -> list[dict[str, Any]]:
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(2)]}
    tasks = [json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}) for index in range(2)]
    environments = [{**os.environ, "TF_CONFIG": task, "CUDA_VISIBLE_DEVICES": "-1"} for task in tasks]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(PROCESS, cwd=ROOT, env=environment, **pipes) for environment in environments]
    ends = [worker.communicate(timeout=1200) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], [error[-2000:] for _, error in ends]
    return [json.loads(output.splitlines()[-1]) for output, _ in ends]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["towers", "ranker"])
def test_two_workers_learn_what_one_does(results: list[dict[str, Any]], part: str) -> None:
    assert [each["replicas"] for each in results] == [2, 2]
    alone = results[0]["alone"][part]
    assert abs(alone["losses"][-1] - alone["losses"][0]) > 0.1
    for each in results:
        assert each["together"][part]["losses"] == pytest.approx(alone["losses"], abs=1e-5)
        assert each["together"][part]["weights"] == pytest.approx(alone["weights"], rel=1e-5)
