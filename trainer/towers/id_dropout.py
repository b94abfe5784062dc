"""Dropout of whole ids, so that a tower learns to do without them."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
class IdDropout(keras.layers.Layer):
    """Replaces a share of ids by the row of the unknown in training, so that the rest learns to carry a stranger.

    Args:
        unknown: Row of the unknown id.
        rate: Share of ids that is hidden.
        seed: Seed of the draws.

    Raises:
        ValueError: `rate` is no share.
    """

    def __init__(self, unknown: int, rate: float, seed: int = 0, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ValueError(f"rate: between 0 and 1, not {rate}")
        self.unknown, self.rate, self.seed = unknown, rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, rows: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """Rows of any shape in, rows of the same shape out."""
        if not training or self.rate == 0:
            return rows
        hidden = keras.random.uniform(ops.shape(rows), dtype="float32", seed=self.seed_generator) < self.rate
        return ops.where(hidden, ops.cast(self.unknown, rows.dtype), rows)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "unknown": self.unknown, "rate": self.rate, "seed": self.seed}
