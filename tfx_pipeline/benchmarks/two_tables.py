"""The model whose step is timed at several table sizes: a table of users, a table of items, and a product between."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import keras
import tensorflow as tf
from keras import ops

from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.row_embedding import RowEmbedding

_DISTINCT_BATCHES = 64

PARTS: dict[str, tuple[type[keras.layers.Layer], type[keras.optimizers.Optimizer]]] = {
    "LazyAdam": (RowEmbedding, LazyAdam),
    "RowSparseAdagrad": (RowEmbedding, RowSparseAdagrad),
    "Keras Adam": (keras.layers.Embedding, keras.optimizers.Adam),
    "Keras Adagrad": (keras.layers.Embedding, keras.optimizers.Adagrad),
}
"""Name -> embedding layer and optimizer that go together."""


class TwoTables(keras.Model):
    """Users and items, a vector each, trained so that the product of a pair is large: a logistic loss of each pair.

    What is compared is lookup and update. A softmax over the batch would be the same for every layer and optimizer, and
    at this batch size it costs more than both.

    Args:
        embedding: Layer class, called with the rows and the width of a table.
        rows: Rows of each of the two tables.
        width: Width of a vector, D.
    """

    def __init__(self, embedding: type[keras.layers.Layer], rows: int, width: int) -> None:
        super().__init__()
        self.users, self.items = embedding(rows, width), embedding(rows, width)
        for table in (self.users, self.items):
            table.build((None,))
        self.built = True

    def call(self, inputs: dict[str, keras.KerasTensor], training: bool = False) -> keras.KerasTensor:
        """Vectors of the users of a batch, float32 [B, D]."""
        return self.users(inputs["users"])

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> keras.KerasTensor:
        """Mean logistic loss of the pairs; scalar."""
        return ops.mean(ops.softplus(-ops.sum(y_pred * self.items(x["items"]), axis=-1)))


def training_step(parts: str, rows: int, batch: int, width: int) -> Callable[[], None]:
    """A function that makes one training step, as `fit` makes it, and waits for its end.

    Args:
        parts: A key of `PARTS`.
        rows: Rows of each table.
        batch: Pairs in a batch; their rows are drawn uniformly.
        width: Width of a vector.
    """
    keras.utils.set_random_seed(7)
    embedding, optimizer = PARTS[parts]
    model = TwoTables(embedding, rows, width)
    model.compile(optimizer=optimizer(0.01), jit_compile=False)
    model.make_train_function()
    drawn = np.random.default_rng(7).integers(rows, size=(2, _DISTINCT_BATCHES, batch), dtype=np.int32)
    batches = iter(tf.data.Dataset.from_tensor_slices({"users": drawn[0], "items": drawn[1]}).repeat())

    def step() -> None:
        np.asarray(model.train_function(batches)["loss"])

    return step
