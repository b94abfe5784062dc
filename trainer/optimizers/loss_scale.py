"""Loss scaling for float16 that leaves row-sparse gradients row-sparse."""

import keras
import tensorflow as tf

from trainer.optimizers.row_gradients import Gradient


@keras.saving.register_keras_serializable(package="shoprank")
class RowSparseLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """`keras.optimizers.LossScaleOptimizer` whose test for infinite gradients costs by the rows touched.

    Under `mixed_float16` Keras wraps the optimizer of a model in its own `LossScaleOptimizer`, which is right but makes
    a table-sized mask of each row-sparse gradient. Wrap the optimizer in this one before `compile` and Keras leaves it
    as it is. `mixed_bfloat16` has the range of float32 and needs no loss scale.
    """

    def check_finite(self, grads: list[Gradient | None]) -> tf.Tensor:
        """Whether every entry of every gradient is finite, bool []."""
        entries = [
            gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
            for gradient in grads
            if gradient is not None
        ]
        return tf.reduce_all([tf.reduce_all(tf.math.is_finite(values)) for values in entries])
