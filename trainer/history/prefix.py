"""The visible prefix of a history, and the state of a sequence model at its end."""

import keras
from keras import ops


def visible_prefix(visible: keras.KerasTensor) -> keras.KerasTensor:
    """The events before the first that is not visible, bool [..., L] to bool [..., L]."""
    hidden = ops.cast(ops.logical_not(visible), "int32")
    return ops.equal(ops.cumsum(hidden, axis=-1), 0)


def prefix_lengths(visible: keras.KerasTensor) -> keras.KerasTensor:
    """The largest n such that events 0 to n - 1 are all visible, bool [..., L] to int32 [...]."""
    return ops.sum(ops.cast(visible_prefix(visible), "int32"), axis=-1)


@keras.saving.register_keras_serializable(package="shoprank")
class StateAtPrefix(keras.layers.Layer):
    """Picks the state after the last event of the visible prefix; a learned vector stands for an empty prefix.

    One pass over a history serves all its points of view, and nothing leaks: the state after event n has seen events 0
    to n alone.
    """

    def build(self, states_shape: tuple) -> None:
        """Create the start vector, float32 [W]."""
        # Not zeros: a tower scales it to length 1, and there is no direction in a zero.
        initializer = keras.initializers.RandomNormal(stddev=0.1)
        self.start = self.add_weight(name="start", shape=(states_shape[-1],), initializer=initializer)

    def call(self, states: keras.KerasTensor, visible: keras.KerasTensor) -> keras.KerasTensor:
        """Pick T states of each history.

        Args:
            states: State after each event, float [B, L, W].
            visible: Which events each point of view may see, bool [B, T, L].

        Returns:
            float [B, T, W].
        """
        batch, _, width = ops.shape(states)
        start = ops.broadcast_to(ops.cast(self.start, states.dtype), (batch, 1, width))
        after = ops.concatenate([start, states], axis=1)
        return ops.take_along_axis(after, prefix_lengths(visible)[:, :, None], axis=1)
