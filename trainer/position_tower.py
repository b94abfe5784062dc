"""What a slot does to an impression, whatever is shown in it."""

import keras
from keras import ops

UNKNOWN_POSITION = -1
"""Position of a candidate that was never shown, or where nobody wrote down."""


@keras.saving.register_keras_serializable(package="shoprank")
class PositionTower(keras.layers.Layer):
    """An additive logit by slot and objective.

    Zhao et al. 2019, "Recommending what video to watch next: a multitask ranking system", section 4.3: in training the
    logits of the main network and of a shallow tower of the position are added, so that the main network need not
    explain by the item what the slot did; at serving the position is missing. Here slot 0 is the reference and its
    logit 0, and so is that of an unknown position: what is served is what a candidate would do in the first slot.

    Args:
        slots: Slots with a logit of their own, S; those beyond share that of the last.
        objectives: Number of objectives, O.

    Raises:
        ValueError: `slots` or `objectives` is below 1.
    """

    def __init__(self, slots: int, objectives: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if slots < 1 or objectives < 1:
            raise ValueError(f"{self.name}: needs a slot and an objective, got {slots} and {objectives}")
        self.slots, self.objectives = slots, objectives

    def build(self, positions_shape: tuple) -> None:
        """Create the logits of the slots after the first, [S - 1, O]."""
        del positions_shape
        shape = (self.slots - 1, self.objectives)
        self.later = self.add_weight(name="later", shape=shape, initializer="zeros")

    def call(self, positions: keras.KerasTensor) -> keras.KerasTensor:
        """Slots from 0, `UNKNOWN_POSITION` where there is none, int [B, N]; to logits, float [B, N, O]."""
        rows = ops.clip(ops.cast(positions, "int32"), 0, self.slots - 1)
        return ops.take(ops.pad(self.later, [[1, 0], [0, 0]]), rows, axis=0)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "slots": self.slots, "objectives": self.objectives}
