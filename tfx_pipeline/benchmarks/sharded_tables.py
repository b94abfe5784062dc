"""What two workers save when they divide a table, in memory, and what it costs them in time.

    python -m tfx_pipeline.benchmarks.sharded_tables --rows 2000000 --width 64

Two processes on this machine train small towers over a large table of item vectors with lazy Adam: first each holds all
of it, then each holds its part. Exchanging vectors between processes of one machine tells little of a network.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from tfx_pipeline.benchmarks.measured_process import peak_memory, resident_memory
from tfx_pipeline.errors import PipelineError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_MODULE = "tfx_pipeline.benchmarks.sharded_tables"
_WORKERS, _BATCH, _LENGTH, _STEPS = 2, 128, 10, 30
_NAMES = {"mirrored": None, "divided": 0.0}
"""What is measured: `shard_tables_above_mb`."""


def measure(name: str, rows: int, width: int) -> list[dict[str, float]]:
    """Train one way.

    Args:
        name: `mirrored` or `divided`.
        rows: Rows of the table.
        width: Width of a vector.

    Returns:
        What each worker found: `resident`, `peak` and `together`, bytes; `ms`, milliseconds of a step; and the loss.

    Raises:
        PipelineError: A worker died.
    """
    addresses = [f"localhost:{port}" for port in _free_ports(_WORKERS)]
    command = [sys.executable, "-m", _MODULE, "--worker", name, "--rows", str(rows), "--width", str(width)]
    with ExitStack() as stack:
        processes = []
        for index in range(_WORKERS):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environment = {**os.environ, "TF_CONFIG": json.dumps(config), "CUDA_VISIBLE_DEVICES": "-1"}
            environment |= {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}
            processes.append(
                subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
            stack.callback(processes[-1].kill)
        outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise PipelineError(f"{name}: a worker ended with status {[process.returncode for process in processes]}")
    return [json.loads(output.splitlines()[-1]) for output in outputs]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


def _take_part(name: str, rows: int, width: int) -> dict[str, float]:
    """Train as one of the workers."""
    from trainer.distribution.strategies import make_strategy

    strategy = make_strategy("multi_worker_mirrored", shard_tables_above_mb=_NAMES[name])
    import keras

    from trainer.distribution.scope import scope_of, without_strategy
    from trainer.distribution.training_loop import fit
    from trainer.optimizers import LazyAdam

    keras.utils.disable_interactive_logging()
    keras.utils.set_random_seed(0)
    with scope_of(strategy):
        model = _towers(rows, width)
        model.compile(optimizer=LazyAdam(0.01), jit_compile=False)
    ends: list[float] = []
    noted = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter()))
    losses = fit(model, _windows(rows), 2, [noted], strategy)
    found = {"resident": float(resident_memory()), "peak": float(peak_memory())}
    without_strategy(model, strategy)
    seconds = np.diff(ends[-_STEPS:])
    return {**found, "together": float(peak_memory()), "ms": float(np.median(seconds) * 1e3), "loss": losses[-1]}


def _towers(rows: int, width: int) -> "keras.Model":
    from trainer.item_tables import ItemTables
    from trainer.losses import SampledSoftmax
    from trainer.retrieval import TwoTowerModel
    from trainer.towers import ItemTower, QueryTower

    parts = (QueryTower(0, width), ItemTower(width, hidden=0), SampledSoftmax(), ItemTables(rows - 1))
    return TwoTowerModel(*parts, dimension=width)


def _windows(rows: int) -> "tf.data.Dataset":
    import tensorflow as tf

    drawn = np.random.default_rng(0).integers(rows - 1, size=(_STEPS * _BATCH, _LENGTH + 1), dtype=np.int32)
    return tf.data.Dataset.from_tensor_slices({"history": drawn[:, :-1], "targets": drawn[:, 1:]}).batch(_BATCH)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of both ways, or take part as a worker."""
    parser = argparse.ArgumentParser(prog=f"python -m {_MODULE}")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--worker", choices=_NAMES, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.worker:
        print(json.dumps(_take_part(given.worker, given.rows, given.width)))
        return
    table = given.rows * given.width * 4 / 1e9
    print(f"{given.rows:,} x {given.width} float32: {table:.2f} GB, with the slots of lazy Adam {3 * table:.2f} GB")
    for name in _NAMES:
        for index, found in enumerate(measure(name, given.rows, given.width)):
            print(_line(name, index, found), flush=True)


def _line(name: str, index: int, found: dict[str, Any]) -> str:
    memory = ", ".join(
        f"{found[key] / 1e9:.2f} GB {what}"
        for key, what in (("resident", "in training"), ("peak", "at most"), ("together", "at most with the copy"))
    )
    return f"{name:9} worker {index}: {memory}; {found['ms']:.1f} ms a step; loss {found['loss']:.6f}"


if __name__ == "__main__":
    main()
