"""A process of its own: trains the towers on one and on two virtual CPU devices and prints how far they part, as JSON.

TensorFlow takes virtual devices only before its first use, so this cannot run inside the process of the tests.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import json

import keras
import numpy as np
import tensorflow as tf

from tests.trainer.next_item import ITEMS, next_item_model, next_items
from trainer.losses import FullSoftmax
from trainer.optimizers import RowSparseAdagrad
from trainer.retrieval import TwoTowerModel

BATCH = {name: values[:8] for name, values in next_items().items()}
"""As many users for each device, none of whom has padding: the mean over both is then the mean of the two."""


def trained() -> TwoTowerModel:
    """A model after eight steps of eight users."""
    model = next_item_model(softmax=FullSoftmax(ITEMS))
    model.compile(optimizer=RowSparseAdagrad(0.1), cutoffs=(1, 3))
    model.fit(tf.data.Dataset.from_tensor_slices(BATCH).batch(8), epochs=8, verbose=0)
    return model


def weights(model: TwoTowerModel) -> list[np.ndarray]:
    """All weights and slots."""
    return [variable.numpy() for variable in (*model.weights, *model.optimizer.variables)]


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference of two tables, relative to their largest entry where that is above 1: slots sum squares up."""
    return float(np.abs(ours - theirs).max() / max(1.0, np.abs(ours).max()))


def main() -> None:
    """Print the largest difference of weights and slots, of `evaluate`, and how far training went."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    keras.utils.disable_interactive_logging()
    start, one = next_item_model(softmax=FullSoftmax(ITEMS)), trained()
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        two = trained()
        data = tf.data.Dataset.from_tensor_slices(BATCH).batch(8)
        mirrored = two.evaluate(data, verbose=0, return_dict=True)
    single = one.evaluate(data, verbose=0, return_dict=True)
    pairs = zip(weights(one), weights(two), strict=True)
    moved = zip(start.weights, one.weights, strict=True)
    print(
        json.dumps(
            {
                "weights": max(relative_difference(*pair) for pair in pairs),
                "metrics": max(abs(single[name] - mirrored[name]) for name in single),
                "moved": max(float(np.abs(before.numpy() - after.numpy()).max()) for before, after in moved),
            }
        )
    )


if __name__ == "__main__":
    main()
