"""Adagrad whose step costs by the rows touched."""

from typing import Any

import keras
import tensorflow as tf

from trainer.optimizers.row_sparse import RowSparseOptimizer


@keras.saving.register_keras_serializable(package="shoprank")
class RowSparseAdagrad(RowSparseOptimizer):
    """Adagrad, with the same result as `keras.optimizers.Adagrad` and the cost of the rows touched.

    With gradient g, accumulator a and learning rate lr: `a <- a + g^2`, then
    `variable <- variable - lr * g / sqrt(a + epsilon)`. A row with zero gradient does not move under Adagrad, so
    leaving it out changes nothing.

    Source: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    JMLR 12 (2011), figure 1, diagonal case, with epsilon under the root as in Keras.

    Args:
        learning_rate: Float, `LearningRateSchedule` or callable.
        initial_accumulator_value: First value of the accumulators, at least 0.
        epsilon: Added to the accumulator for numerical stability, above 0.
        name: Name of the optimizer.
        **options: See `RowSparseOptimizer`.

    Raises:
        ValueError: An argument out of range, or an option that cannot be kept sparse.
    """

    def __init__(
        self,
        learning_rate: Any = 0.05,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        name: str = "row_sparse_adagrad",
        **options: Any,
    ) -> None:
        if initial_accumulator_value < 0:
            raise ValueError(f"initial_accumulator_value must be at least 0, got {initial_accumulator_value}")
        if epsilon <= 0:
            raise ValueError(f"epsilon must be above 0, got {epsilon}")
        super().__init__(learning_rate, name=name, **options)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    @property
    def initial_slots(self) -> dict[str, float]:
        """The accumulator of squared gradients."""
        return {"accumulator": self.initial_accumulator_value}

    def step(
        self, gradient: tf.Tensor, slots: list[tf.Tensor], learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """One step of Adagrad."""
        accumulator = slots[0] + tf.square(gradient)
        return learning_rate * gradient / tf.sqrt(accumulator + self.epsilon), [accumulator]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
