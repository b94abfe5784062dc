"""Embedding of a categorical feature that may be unknown."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
class KnownEmbedding(keras.layers.Embedding):
    """An embedding in which the row -1 stands for an unknown value and gives zeros."""

    def call(self, rows: keras.KerasTensor) -> keras.KerasTensor:
        """Rows of any shape, int [...], to float [..., output_dim]."""
        vectors = super().call(ops.maximum(rows, 0))
        return vectors * ops.cast(rows >= 0, vectors.dtype)[..., None]
