"""A process of its own with two CPU devices, which TensorFlow makes only at its start: divides tables between them.

Prints what came out as JSON; `test_two_devices` compares it.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tests.trainer.next_item import DIMENSION, ITEMS, next_items
from trainer.distribution.errors import DistributionError
from trainer.distribution.scope import scope_of, without_strategy
from trainer.distribution.sharded_table import ShardedTable
from trainer.distribution.strategies import make_strategy
from trainer.distribution.table_bound import set_largest_table
from trainer.distribution.training_loop import fit
from trainer.history import history_encoder
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import HardNegatives, InBatchNegatives, RefreshIndex, SampledSoftmax
from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.retrieval import TwoTowerModel
from trainer.row_lookup import take_rows
from trainer.towers import ItemTower, QueryTower

EPOCHS, USERS = 3, 10
OPTIMIZERS: dict[str, Callable[[], keras.optimizers.Optimizer]] = {
    "lazy_adam": lambda: LazyAdam(0.05),
    "adagrad": lambda: RowSparseAdagrad(0.2),
    "clipped": lambda: LazyAdam(0.05, global_clipnorm=0.3),
    "clipped_each": lambda: LazyAdam(0.05, clipnorm=0.1),
}


def towers() -> TwoTowerModel:
    """Towers with three tables of eleven rows: users, items, and items of the history."""
    keras.utils.set_random_seed(0)
    query = QueryTower(USERS, DIMENSION, history_encoder("recency_mean", DIMENSION))
    softmax = SampledSoftmax([InBatchNegatives(), HardNegatives(ITEMS, 1)])
    parts = (query, ItemTower(DIMENSION, hidden=0), softmax, ItemTables(ITEMS))
    model = TwoTowerModel(*parts, dimension=DIMENSION, user_count=USERS, history_vectors="separate")
    model.set_items(ItemFeatures(), np.append(np.full(ITEMS, 5.0), 0))
    return model


def batches() -> tf.data.Dataset:
    """Ten users in batches of seven: neither batches nor their halves are of one size."""
    users = {"users": np.arange(USERS, dtype=np.int32), **next_items()}
    return tf.data.Dataset.from_tensor_slices(users).batch(7)


def trained(
    optimizer: Callable[[], keras.optimizers.Optimizer], strategy: tf.distribute.Strategy | None, folder: Path
) -> dict[str, Any]:
    """The loss curve, the shapes that the first device holds, and the saved model's form and answers."""
    with scope_of(strategy):
        model = towers()
        model.compile(optimizer=optimizer(), jit_compile=False)
    refreshed = RefreshIndex(model.softmax.negatives[1], model.embed_items)
    losses = fit(model, batches(), EPOCHS, [refreshed], strategy, validation=batches())
    parts = (strategy or tf.distribute.get_strategy()).experimental_local_results
    held = [*model.trainable_variables, *model.optimizer.variables]
    alone = without_strategy(model, strategy)
    alone.save(folder / "towers.keras")
    loaded = keras.saving.load_model(folder / "towers.keras", compile=False)
    users = {"users": tf.range(USERS), **next_items()}
    return {
        "losses": losses,
        "divided": sum(isinstance(weight, ShardedTable) for weight in model.weights),
        "held": [[list(part.shape) for part in parts(each.value)] for each in held],
        "form": [[list(each.shape), each.dtype, each.trainable] for each in loaded.weights],
        "config": json.loads(json.dumps(loaded.get_config())),
        "weights": [np.asarray(each).tolist() for each in alone.weights],
        "queries": np.asarray(loaded(users)).tolist(),
    }


def lookups(strategy: tf.distribute.Strategy, count: int) -> dict[str, Any]:
    """A table of some rows: what goes in, what comes out, and the gradient of a step in which replicas ask unevenly."""
    values = np.random.default_rng(count).normal(size=(count, 3)).astype(np.float32)
    with strategy.scope():
        table = ShardedTable("zeros", values.shape, "float32", "table")
    table.assign(values)
    asked = [np.array([[0, count - 1], [0, count // 2]]), np.zeros((0, 2), int) if count == 1 else np.array([[1, 0]])]
    given = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(asked[context.replica_id_in_sync_group], tf.int32)
    )

    def step(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            found = take_rows(table, rows)
            loss = tf.reduce_sum(found * found)
        gradient = tape.gradient(loss, table.value)
        return found, tf.convert_to_tensor(tf.IndexedSlices(gradient.values, gradient.indices, table.own_shape))

    found, gradients = tf.function(lambda: strategy.run(step, args=(given,)))()
    return {
        "values": values.tolist(),
        "numpy": table.numpy().tolist(),
        "read": np.asarray(take_rows(table, tf.constant([[count - 1], [0]]))).tolist(),
        "asked": [each.tolist() for each in asked],
        "found": [each.numpy().tolist() for each in strategy.experimental_local_results(found)],
        "gradients": [each.numpy().tolist() for each in strategy.experimental_local_results(gradients)],
    }


def refusal(strategy: tf.distribute.Strategy) -> str:
    """What is said of an optimizer that would add up gradients of different rows."""
    with strategy.scope():
        model = towers()
        model.compile(optimizer=keras.optimizers.SGD(0.1), jit_compile=False)
    try:
        fit(model, batches(), 1, [], strategy)
    except DistributionError as error:
        return str(error)
    return ""


def main(folder: Path) -> None:
    """Train alone and divided, and look rows up."""
    devices = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(devices[0], [tf.config.LogicalDeviceConfiguration()] * 2)
    keras.utils.disable_interactive_logging()
    # One strategy for all: TensorFlow confuses the exchanges of two in one process.
    strategy = make_strategy("mirrored")
    results: dict[str, Any] = {"lookups": [lookups(strategy, count) for count in (1, 2, 7)]}
    for name, optimizer in OPTIMIZERS.items():
        set_largest_table(strategy, 0.0)
        results[name] = {
            "alone": trained(optimizer, None, folder),
            "divided": trained(optimizer, strategy, folder),
        }
    results["refusal"] = refusal(strategy)
    # 11 rows of 8 floats: 352 bytes.
    set_largest_table(strategy, 352e-6)
    results["whole"] = trained(OPTIMIZERS["lazy_adam"], strategy, folder)
    print(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
