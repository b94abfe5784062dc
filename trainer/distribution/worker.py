"""A process of its own for each worker of `multi_worker_mirrored`: `python -m trainer.distribution.worker FILE`.

TensorFlow joins workers only in a process in which it has done nothing yet, and the process of a pipeline has.
"""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.distribution.cluster import TF_CONFIG, Cluster
from trainer.distribution.errors import DistributionError
from trainer.distribution.strategies import is_chief, make_strategy

DISTRIBUTION = "distribution"
"""Key of TFX's `custom_config`: the arguments of `make_strategy`."""
_MODULE = "trainer.distribution.worker"
_LEGACY_KERAS = "TF_USE_LEGACY_KERAS"

RunFn = Callable[[Any, tf.distribute.Strategy | None], None]


@dataclass(frozen=True)
class WorkerArgs:
    """What every worker is told: a run function of `trainer.run_fns`, and what that takes of TFX's `FnArgs`."""

    run_fn: str
    train_files: list[str]
    eval_files: list[str]
    transform_output: str
    serving_model_dir: str
    model_run_dir: str
    base_model: str
    custom_config: dict[str, Any]
    hyperparameters: dict[str, Any] | None = None

    @classmethod
    def of(cls, run_fn: str, fn_args: Any) -> "WorkerArgs":
        """The part of `FnArgs` that is used."""
        names = [name for name in cls.__dataclass_fields__ if name not in ("run_fn", "hyperparameters")]
        found = getattr(fn_args, "hyperparameters", None)
        return cls(run_fn, **{name: getattr(fn_args, name) for name in names}, hyperparameters=found)

    @classmethod
    def load(cls, path: Path) -> "WorkerArgs":
        """Read what `save` wrote.

        Raises:
            DistributionError: The file is missing, or is no such file.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise DistributionError(f"{path}: no arguments of a worker ({error})") from None

    def save(self, path: Path) -> None:
        """Write them as JSON; the folder is made if absent."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def distributed(run_fn: RunFn) -> Callable[..., None]:
    """Let a run function train under the strategy that its `custom_config` names.

    The function is called with the strategy as its second argument. Under `multi_worker_mirrored` it is called in a
    process of its own, which is one worker of `TF_CONFIG`; whoever started the stage is told how the others join.
    """

    @functools.wraps(run_fn)
    def run(fn_args: Any, strategy: tf.distribute.Strategy | None = None) -> None:
        options = fn_args.custom_config.get(DISTRIBUTION, {"name": "none"})
        if strategy is None and options["name"] == "multi_worker_mirrored":
            _run_as_worker(WorkerArgs.of(run_fn.__name__, fn_args))
        else:
            run_fn(fn_args, strategy or make_strategy(**options))

    return run


def _run_as_worker(args: WorkerArgs) -> None:
    cluster = Cluster.from_environment()
    # Where a platform starts the stage on every worker, each writes a file of its own.
    path = Path(args.model_run_dir) / f"worker_{cluster.index}.json"
    args.save(path)
    others = len(cluster.workers) - 1
    if cluster.is_chief and others:
        join = f"{_LEGACY_KERAS}=1 {TF_CONFIG}=... python -m {_MODULE} {path}"
        print(f"{args.run_fn}: waiting for {others} more worker(s), started with: {join}", flush=True)
    environment = {**os.environ, _LEGACY_KERAS: "1"}
    finished = subprocess.run([sys.executable, "-m", _MODULE, str(path)], env=environment, check=False)
    if finished.returncode:
        raise DistributionError(f"{args.run_fn}: worker {cluster.index} ended with status {finished.returncode}")


def logs_folder(fn_args: Any, strategy: tf.distribute.Strategy | None, temporary: str) -> Path:
    """Where a worker logs its training: the chief into the folder of the run, the others into a temporary one."""
    return Path(fn_args.model_run_dir if is_chief(strategy) else temporary)


def main(path: Path) -> None:
    """Take part in a training as the worker that `TF_CONFIG` says this process is."""
    args = WorkerArgs.load(path)
    # Before the run functions are imported: nothing may use TensorFlow first.
    strategy = make_strategy(**args.custom_config[DISTRIBUTION])
    from trainer import run_fns

    getattr(run_fns, args.run_fn)(args, strategy)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except DistributionError as error:
        sys.exit(str(error))
