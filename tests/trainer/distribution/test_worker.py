"""The process of a worker: what it is told, and what the stage that starts it says."""

import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf

from trainer import run_fns
from trainer.distribution import worker
from trainer.distribution.errors import DistributionError


def fn_args(folder: Path, **distribution: str) -> SimpleNamespace:
    config = {"hyperparameters": "{}", **({"distribution": distribution} if distribution else {})}
    return SimpleNamespace(
        train_files=["train"],
        eval_files=["eval"],
        transform_output="graph",
        serving_model_dir="model",
        model_run_dir=str(folder),
        base_model="base",
        custom_config=config,
        unused=object(),
    )


def test_a_run_function_gets_its_strategy(tmp_path: Path) -> None:
    seen: list[Any] = []
    trained = worker.distributed(lambda args, strategy: seen.append(strategy))
    trained(fn_args(tmp_path))
    trained(fn_args(tmp_path, name="mirrored", tpu_address=""))
    assert seen[0] is None
    assert isinstance(seen[1], tf.distribute.MirroredStrategy)


def test_each_worker_has_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task = {"cluster": {"worker": ["a:1", "b:1", "c:1"]}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    ends, commands = [0, 3], []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(returncode=ends[len(commands) - 1])

    monkeypatch.setattr(subprocess, "run", run)
    args = fn_args(tmp_path / "run", name="multi_worker_mirrored", tpu_address="")
    run_fns.retrieval_run_fn(args)
    path = tmp_path / "run" / "worker_0.json"
    assert commands[0][1:] == ["-m", "trainer.distribution.worker", str(path)]
    told = "retrieval_run_fn: waiting for 2 more worker(s), started with: TF_USE_LEGACY_KERAS=1 TF_CONFIG=... python -m"
    assert capsys.readouterr().out == f"{told} trainer.distribution.worker {path}\n"
    with pytest.raises(DistributionError, match="^retrieval_run_fn: worker 0 ended with status 3$"):
        run_fns.retrieval_run_fn(args)

    seen: list[Any] = []
    monkeypatch.setattr(worker, "make_strategy", lambda name, tpu_address: f"{name}!")
    monkeypatch.setattr(run_fns, "retrieval_run_fn", lambda *given: seen.append(given))
    worker.main(path)
    ((loaded, strategy),) = seen
    assert strategy == "multi_worker_mirrored!"
    assert {name: getattr(loaded, name) for name in vars(args) if name != "unused"} == {
        name: value for name, value in vars(args).items() if name != "unused"
    }


def test_no_file_of_arguments(tmp_path: Path) -> None:
    (tmp_path / "worker.json").write_text("{}")
    for name in ("worker.json", "absent.json"):
        with pytest.raises(DistributionError) as raised:
            worker.main(tmp_path / name)
        assert str(raised.value).startswith(f"{tmp_path / name}: no arguments of a worker (")


def test_the_chief_alone_logs_into_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "is_chief", lambda strategy: strategy is None)
    assert worker.logs_folder(fn_args(tmp_path), None, "/temporary") == tmp_path
    assert worker.logs_folder(fn_args(tmp_path), object(), "/temporary") == Path("/temporary")
