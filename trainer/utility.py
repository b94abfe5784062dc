"""One number to rank by: what the shop earns by what users do."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


class Utility(tf.Module):
    """Sum over objectives of weight * probability * what the objective is worth for the item."""

    def __init__(self, weights: Sequence[float], values: np.ndarray) -> None:
        """Take what counts.

        Args:
            weights: One an objective, [O].
            values: What each objective is worth for each item, the unknown item last, float32 [V + 1, O]; empty where
                every objective is worth 1. See `trainer.item_values`.

        Raises:
            ValueError: The values do not have a column for each weight.
        """
        super().__init__(name="utility")
        if len(values) and values.shape[1] != len(weights):
            raise ValueError(f"values: {values.shape[1]} columns, expected one for each of {len(weights)} objectives")
        self._weights = tf.constant(list(weights), tf.float32)
        self.values = tf.Variable(values, trainable=False, name="values") if len(values) else None

    def __call__(self, probabilities: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Utility of items.

        Args:
            probabilities: One an objective, or labels in place of them, float32 [..., O].
            rows: Catalogue rows, int32 [...]; row V is the unknown item.

        Returns:
            float32 [...].
        """
        worth = probabilities if self.values is None else probabilities * tf.gather(self.values, rows)
        return tf.linalg.matvec(worth, self._weights)
