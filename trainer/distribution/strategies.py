"""The `tf.distribute` strategy of a run, by the name that a configuration gives it."""

import socket

import tensorflow as tf

from trainer.distribution.cluster import Cluster
from trainer.distribution.errors import DistributionError
from trainer.distribution.table_bound import set_largest_table

_SECONDS_TO_ANSWER = 10.0
STRATEGIES = ("none", "mirrored", "multi_worker_mirrored", "tpu")
SHARDING = ("mirrored", "multi_worker_mirrored")
"""Those whose replicas may divide a table among themselves."""


def make_strategy(
    name: str, tpu_address: str = "", shard_tables_above_mb: float | None = None
) -> tf.distribute.Strategy | None:
    """Make a strategy.

    `multi_worker_mirrored` waits for the other workers, and has to be made before TensorFlow does anything else in the
    process.

    Args:
        name: `none`; `mirrored` for all GPUs of this machine, or its CPU; `multi_worker_mirrored` for the workers of
            `TF_CONFIG`; `tpu`.
        tpu_address: Name or `grpc://` address of the TPU, or `local`; empty for what the environment names.
        shard_tables_above_mb: Megabytes of an embedding table that each replica holds whole; the replicas divide larger
            ones among themselves. None: each holds all tables. Not for `tpu`.

    Returns:
        The strategy; None for `none`.

    Raises:
        DistributionError: No such strategy, no usable `TF_CONFIG`, or no TPU; or `shard_tables_above_mb` for one that
            has no part of it.
    """
    if shard_tables_above_mb is not None and name not in SHARDING:
        raise DistributionError(f"distribution.shard_tables_above_mb needs {' or '.join(SHARDING)}, not {name}")
    strategy = _strategy_of(name, tpu_address)
    if strategy is not None and shard_tables_above_mb is not None:
        set_largest_table(strategy, shard_tables_above_mb)
    return strategy


def _strategy_of(name: str, tpu_address: str) -> tf.distribute.Strategy | None:
    if name == "none":
        return None
    if name == "mirrored":
        return tf.distribute.MirroredStrategy(_own_devices())
    if name == "multi_worker_mirrored":
        Cluster.from_environment()
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        return _tpu_strategy(tpu_address)
    raise DistributionError(f"distribution.strategy is {name!r}, not one of {', '.join(STRATEGIES)}")


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Whether this process writes what was trained; the others only take part in the training."""
    return not _has_workers(strategy) or Cluster.from_environment().is_chief


def _has_workers(strategy: tf.distribute.Strategy | None) -> bool:
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def _own_devices() -> list[str]:
    """The GPUs, else the CPUs: one, unless the process has made more of it."""
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return [f"{kind}:{number}" for number in range(len(tf.config.list_logical_devices(kind)))]


def _tpu_strategy(address: str) -> tf.distribute.Strategy:
    where = f"at {address!r}" if address else "that the environment names"
    try:
        _require_answer(address)
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=address)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    # The resolver has no error of its own: what it raises depends on where it looked.
    except Exception as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DistributionError(f"distribution.strategy tpu: no TPU {where} ({reason[0]})") from None
    return tf.distribute.TPUStrategy(resolver)


def _require_answer(address: str) -> None:
    """Connect once: TensorFlow itself would try for ever."""
    host, _, port = address.removeprefix("grpc://").rpartition(":")
    if address.startswith("grpc://"):
        if not port.isdecimal():
            raise ValueError("the address has no port; write grpc://host:8470")
        socket.create_connection((host, int(port)), timeout=_SECONDS_TO_ANSWER).close()
