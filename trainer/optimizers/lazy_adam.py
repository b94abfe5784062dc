"""Adam that moves only the rows of the batch."""

from typing import Any

import keras
import tensorflow as tf

from trainer.optimizers.row_sparse import RowSparseOptimizer


@keras.saving.register_keras_serializable(package="shoprank")
class LazyAdam(RowSparseOptimizer):
    """Adam for row-sparse gradients: rows without a gradient keep their values and their moments.

    With gradient g, moments m and v and step t, counted from 1 over all steps of the optimizer:
    `m <- beta_1 m + (1 - beta_1) g`, `v <- beta_2 v + (1 - beta_2) g^2`, then
    `variable <- variable - lr sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)`.

    This is Adam for dense gradients, and for tables of which every row is looked up at every step. Elsewhere it
    differs: Adam decays the moments of all rows at every step and goes on moving a row by its old momentum; lazy Adam
    does neither until the row comes again, as the optimizer of that name in TensorFlow Addons does. A row that was
    looked up counts as touched even where its gradient is zero.

    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1 in the form of the end
    of section 2.

    Args:
        learning_rate: Float, `LearningRateSchedule` or callable.
        beta_1: Decay of the first moment, in [0, 1).
        beta_2: Decay of the second moment, in [0, 1).
        epsilon: Added to the root of the second moment for numerical stability, above 0.
        name: Name of the optimizer.
        **options: See `RowSparseOptimizer`.

    Raises:
        ValueError: An argument out of range, or an option that cannot be kept sparse.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        name: str = "lazy_adam",
        **options: Any,
    ) -> None:
        for argument, value in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= value < 1:
                raise ValueError(f"{argument} must be in [0, 1), got {value}")
        if epsilon <= 0:
            raise ValueError(f"epsilon must be above 0, got {epsilon}")
        super().__init__(learning_rate, name=name, **options)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    @property
    def initial_slots(self) -> dict[str, float]:
        """The first and the second moment."""
        return {"momentum": 0.0, "velocity": 0.0}

    def step(
        self, gradient: tf.Tensor, slots: list[tf.Tensor], learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """One step of Adam."""
        count = tf.cast(self.iterations.value + 1, gradient.dtype)
        correction = tf.sqrt(1 - tf.pow(tf.cast(self.beta_2, gradient.dtype), count)) / (
            1 - tf.pow(tf.cast(self.beta_1, gradient.dtype), count)
        )
        momentum = slots[0] + (gradient - slots[0]) * (1 - self.beta_1)
        velocity = slots[1] + (tf.square(gradient) - slots[1]) * (1 - self.beta_2)
        change = learning_rate * correction * momentum / (tf.sqrt(velocity) + self.epsilon)
        return change, [momentum, velocity]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
