"""History encoder: means of the past, weighted by how long ago in events."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
class HistoryEncoder(keras.layers.Layer):
    """Exponentially decayed means of the visible history, one mean for each learned decay.

    Weight of the event that is the n-th latest of the visible ones (n = 1 is the latest):
    `exp(-n / tau)`, normalised to sum to 1; an empty history gives zeros.

    Args:
        decays: Initial values of tau, in events; trained in log space.
    """

    def __init__(self, decays: tuple[float, ...] = (4.0, 32.0, 256.0), **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.decays = tuple(decays)

    def build(self, input_shape: object) -> None:
        """Create the log decays, float32 [K]."""
        initial = keras.initializers.Constant(ops.log(ops.convert_to_tensor(self.decays, "float32")))
        self.log_decays = self.add_weight(name="log_decays", shape=(len(self.decays),), initializer=initial)

    def call(self, vectors: keras.KerasTensor, visible: keras.KerasTensor) -> keras.KerasTensor:
        """Encode T points of view on each history.

        Args:
            vectors: Item vectors of the history, oldest first, float32 [B, L, D].
            visible: Which events each point of view may see, bool [B, T, L].

        Returns:
            float32 [B, T, K * D].
        """
        seen = ops.cast(visible, vectors.dtype)
        steps = ops.flip(ops.cumsum(ops.flip(seen, axis=-1), axis=-1), axis=-1)
        decay = ops.exp(self.log_decays)[:, None]
        weights = seen[:, :, None, :] * ops.exp(-steps[:, :, None, :] / decay)
        weights = weights / (ops.sum(weights, axis=-1, keepdims=True) + 1e-9)
        batch, views, length = ops.shape(visible)
        flat = ops.reshape(weights, (batch, views * len(self.decays), length))
        means = ops.matmul(flat, vectors)
        return ops.reshape(means, (batch, views, len(self.decays) * vectors.shape[-1]))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "decays": list(self.decays)}
