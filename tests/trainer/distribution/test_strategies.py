"""Strategies by name, and what is said where there is none."""

import json
import socket

import pytest
import tensorflow as tf

from trainer.distribution.errors import DistributionError
from trainer.distribution.strategies import is_chief, make_strategy


def test_one_device_has_no_strategy() -> None:
    assert make_strategy("none") is None
    assert is_chief(None)


def test_mirrored_takes_the_devices_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    # A variable that another job left behind makes no worker of a single machine.
    task = {"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    strategy = make_strategy("mirrored")
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    assert strategy.num_replicas_in_sync == 1 + max(len(tf.config.list_logical_devices("GPU")) - 1, 0)
    assert is_chief(strategy)


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize(
    ("name", "address", "error"),
    [
        ("ddp", "", "distribution.strategy is 'ddp', not one of none, mirrored, multi_worker_mirrored, tpu"),
        ("multi_worker_mirrored", "", "multi_worker_mirrored needs TF_CONFIG in the environment, such as {"),
        ("tpu", "", "distribution.strategy tpu: no TPU that the environment names ("),
        ("tpu", "grpc://localhost:{port}", "distribution.strategy tpu: no TPU at 'grpc://localhost:{port}' ("),
        ("tpu", "grpc://localhost", "distribution.strategy tpu: no TPU at 'grpc://localhost' ("),
    ],
)
def test_what_cannot_be_had(name: str, address: str, error: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TF_CONFIG", "TPU_NAME", "KUBE_GOOGLE_CLOUD_TPU_ENDPOINTS"):
        monkeypatch.delenv(variable, raising=False)
    port = str(closed_port())
    with pytest.raises(DistributionError) as raised:
        make_strategy(name, address.replace("{port}", port))
    assert str(raised.value).startswith(error.replace("{port}", port))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["none", "tpu"])
def test_a_strategy_that_divides_no_tables(name: str) -> None:
    error = f"^distribution.shard_tables_above_mb needs mirrored or multi_worker_mirrored, not {name}$"
    with pytest.raises(DistributionError, match=error):
        make_strategy(name, shard_tables_above_mb=100.0)
