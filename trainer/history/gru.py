"""History encoder: a gated recurrent unit over the events."""

import keras
from keras import ops

from trainer.history.events import HistoryEvents, vector_width
from trainer.history.layer import HistoryEncoder
from trainer.history.prefix import StateAtPrefix


@keras.saving.register_keras_serializable(package="shoprank")
class GRUHistory(HistoryEncoder):
    """State of a GRU after the last event of the visible prefix; a learned vector for an empty history.

    Source: Hidasi et al. 2016, "Session-based recommendations with recurrent neural networks", section 3.1, over item
    vectors instead of one-hot items.

    Args:
        width: Length of the state, W.
    """

    def __init__(self, width: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.width = width
        # The CUDA kernel would be saved into a servable that must run on core ops.
        self.gru = keras.layers.GRU(width, return_sequences=True, use_cudnn=False, dtype=self.dtype_policy, name="gru")
        self.state_at_prefix = StateAtPrefix(dtype=self.dtype_policy, name="state_at_prefix")

    def output_width(self, width: int) -> int:
        """Length of the state, whatever the length of the item vectors."""
        return self.width

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the weights."""
        self.gru.build((None, None, vector_width(events_shape)))
        self.state_at_prefix.build((None, None, self.width))

    def call(self, events: HistoryEvents, training: bool = False) -> keras.KerasTensor:
        """Encode T points of view on each history, float [B, T, W]."""
        # The loop over time needs one step at least, and a history may have none.
        vectors = ops.pad(events.vectors, ((0, 0), (0, 1), (0, 0)))
        states = self.gru(vectors, training=training)[:, :-1, :]
        return self.state_at_prefix(states, events.visible)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "width": self.width}
