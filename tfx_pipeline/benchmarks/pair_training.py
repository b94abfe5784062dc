"""Our side of training throughput: `TwoTowerModel` on pairs of a user and an item, read from a TFRecord file."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import keras
import tensorflow as tf

from tfx_pipeline.benchmarks.user_item_pairs import UserItemPairs
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import SampledSoftmax
from trainer.optimizers import RowSparseAdagrad
from trainer.retrieval import TwoTowerModel
from trainer.towers import ItemTower, QueryTower

_STEPS_PER_EXECUTION = 4
_SPEC = {name: tf.io.FixedLenFeature([], tf.int64) for name in ("user", "item")}


def pair_epoch(pairs: UserItemPairs, width: int, batch: int, folder: Path) -> Callable[[], None]:
    """A function that trains our model for an epoch.

    Args:
        pairs: The training pairs.
        width: Width of a vector.
        batch: Pairs in a batch.
        folder: An existing folder for the file that is read.
    """
    keras.utils.set_random_seed(7)
    (user_ids, users), (item_ids, items) = (np.unique(ids, return_inverse=True) for ids in (pairs.users, pairs.items))
    model = _model(len(user_ids), len(item_ids), width)
    model.set_items(ItemFeatures(), np.bincount(items, minlength=len(item_ids) + 1))
    model.compile(RowSparseAdagrad(0.1), steps_per_execution=_STEPS_PER_EXECUTION, jit_compile=False)
    path = folder / "pairs.tfrecord"
    write_pairs(path, users, items)
    dataset = pair_dataset(path, batch)

    def epoch() -> None:
        model.fit(dataset, epochs=1, verbose=0)

    return epoch


def write_pairs(path: Path, users: np.ndarray, items: np.ndarray) -> None:
    """Write pairs of row numbers as tf.Examples, one a pair."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for user, item in zip(users.tolist(), items.tolist(), strict=True):
            values = {"user": user, "item": item}
            feature = {
                name: tf.train.Feature(int64_list=tf.train.Int64List(value=[row])) for name, row in values.items()
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def pair_dataset(path: Path, batch: int) -> tf.data.Dataset:
    """Batches of pairs without history, as `TwoTowerModel` takes them, shuffled anew each epoch."""

    def parsed(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        rows = tf.io.parse_example(serialized, _SPEC)
        return {
            "users": rows["user"],
            "history": tf.fill((tf.size(rows["user"]), 1), tf.constant(-1, tf.int64)),
            "targets": rows["item"][:, tf.newaxis],
        }

    shuffled = tf.data.TFRecordDataset(str(path)).cache().shuffle(100_000, seed=7).batch(batch)
    return shuffled.map(parsed, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def _model(users: int, items: int, width: int) -> TwoTowerModel:
    return TwoTowerModel(
        QueryTower(users, width, hidden=0),
        ItemTower(width, hidden=0),
        SampledSoftmax(),
        ItemTables(items),
        width,
        user_count=users,
    )
