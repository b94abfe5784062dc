"""The peer of training throughput: the two-tower model of TensorFlow Recommenders' basic retrieval tutorial."""

import os
from collections.abc import Callable

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import tensorflow as tf
import tensorflow_recommenders as tfrs

from tfx_pipeline.benchmarks.user_item_pairs import UserItemPairs


class TutorialModel(tfrs.Model):
    """Two towers of a `StringLookup` and an `Embedding`.

    Args:
        users: Distinct ids of the users.
        items: Distinct ids of the items.
        width: Width of a vector.
    """

    def __init__(self, users: np.ndarray, items: np.ndarray, width: int) -> None:
        super().__init__()
        self.user_model, self.item_model = _tower(users, width), _tower(items, width)
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, features: dict[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """The in-batch softmax of a batch of pairs; scalar."""
        return self.task(
            self.user_model(features["user_id"]), self.item_model(features["item_id"]), compute_metrics=not training
        )


def tutorial_epoch(pairs: UserItemPairs, width: int, batch: int) -> Callable[[], None]:
    """A function that trains the tutorial's model for an epoch."""
    model = TutorialModel(np.unique(pairs.users), np.unique(pairs.items), width)
    # Keras 2 by the flag above, which the library needs.
    model.compile(optimizer=tf.keras.optimizers.Adagrad(learning_rate=0.1))
    ids = {"user_id": pairs.users.astype(bytes), "item_id": pairs.items.astype(bytes)}
    dataset = tf.data.Dataset.from_tensor_slices(ids).shuffle(100_000, seed=7).batch(batch).cache()

    def epoch() -> None:
        model.fit(dataset, epochs=1, verbose=0)

    return epoch


def _tower(ids: np.ndarray, width: int) -> tf.keras.Sequential:
    lookup = tf.keras.layers.StringLookup(vocabulary=ids, mask_token=None)
    return tf.keras.Sequential([lookup, tf.keras.layers.Embedding(len(ids) + 1, width)])
