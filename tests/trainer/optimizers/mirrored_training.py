"""A process of its own: trains on one and on two virtual CPU devices and prints how far they are apart as JSON.

TensorFlow takes virtual devices only before its first use, so this cannot run inside the process of the tests.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import json

import keras
import numpy as np
import tensorflow as tf

from tests.trainer.optimizers.small_tables import compiled_model, pairs_and_labels
from trainer.optimizers import LazyAdam, RowSparseAdagrad, RowSparseLossScaleOptimizer

OPTIMIZERS = {
    "lazy_adam": lambda: LazyAdam(0.1),
    "adagrad_clipped": lambda: RowSparseAdagrad(0.1, global_clipnorm=0.05),
    "adagrad_scaled": lambda: RowSparseLossScaleOptimizer(RowSparseAdagrad(0.1)),
}


def weights_after_training(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """All weights after two epochs of eight steps."""
    model = compiled_model(optimizer)
    model.fit(tf.data.Dataset.from_tensor_slices(pairs_and_labels(64)).batch(8), epochs=2, verbose=0)
    return [*model.get_weights(), *[variable.numpy() for variable in optimizer.variables]]


def largest_distance(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """The largest absolute difference over all arrays."""
    return max(float(np.abs(one - other).max()) for one, other in zip(some, others, strict=True))


def compare(name: str) -> dict[str, float]:
    """How far training moves the weights, and how far one device and two are apart after it, slots included."""
    start = compiled_model("sgd").get_weights()
    one = weights_after_training(OPTIMIZERS[name]())
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        two = weights_after_training(OPTIMIZERS[name]())
    return {"moved": largest_distance(start, one[: len(start)]), "difference": largest_distance(one, two)}


def main() -> None:
    """Print `{optimizer: comparison}`."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    keras.utils.disable_interactive_logging()
    print(json.dumps({name: compare(name) for name in OPTIMIZERS}))


if __name__ == "__main__":
    main()
