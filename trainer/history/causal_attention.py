"""History encoder: causal self-attention over the events, in the manner of SASRec."""

import keras
from keras import ops

from trainer.history.attention_block import AttentionBlock
from trainer.history.events import HistoryEvents, vector_width
from trainer.history.layer import HistoryEncoder
from trainer.history.prefix import StateAtPrefix


@keras.saving.register_keras_serializable(package="shoprank")
class CausalAttention(HistoryEncoder):
    """State of the last event of the visible prefix after blocks of causal self-attention; a learned vector for none.

    Source: Kang & McAuley 2018, "Self-attentive sequential recommendation", section III, with two differences. The
    blocks normalise their inputs and not their outputs (pre-norm). Positions are not added to the items: each head
    learns a bias for each distance between two events (see `CausalSelfAttention`). Windows of any length then agree on
    what "the event before the last" is, and a history may be longer than any that was trained on.

    Event l attends to events 0 to l. The padding comes after the events and the output is read at an event, so no
    attention reaches the padding.

    Args:
        width: Length of the state, W. Item vectors of another length are projected to it.
        blocks: Number of blocks.
        heads: Attention heads of a block.
        dropout: Share of the units that is dropped in training: of the inputs, the attention weights and each sublayer.
        max_length: Distances with a bias of their own; those farther away share that of the farthest.

    Raises:
        ValueError: `width` is not divisible by `heads`, or a number is out of range.
    """

    def __init__(
        self,
        width: int,
        blocks: int = 2,
        heads: int = 2,
        dropout: float = 0.2,
        max_length: int = 256,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        if blocks < 1:
            raise ValueError(f"blocks: at least 1, not {blocks}")
        self.width, self.heads, self.dropout, self.max_length = width, heads, dropout, max_length
        policy = self.dtype_policy
        self.projection = keras.layers.Dense(width, dtype=policy, name="projection")
        self.drop_input = keras.layers.Dropout(dropout, dtype=policy, name="drop_input")
        self.blocks = [
            AttentionBlock(width, heads, dropout, max_length, dtype=policy, name=f"block_{number}")
            for number in range(1, blocks + 1)
        ]
        self.normalization = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy, name="normalization")
        self.state_at_prefix = StateAtPrefix(dtype=policy, name="state_at_prefix")

    def output_width(self, width: int) -> int:
        """Length of the state, whatever the length of the item vectors."""
        return self.width

    def build(self, events_shape: HistoryEvents) -> None:
        """Create the weights."""
        width = vector_width(events_shape)
        self.projects = width != self.width
        if self.projects:
            self.projection.build((None, None, width))
        for layer in (*self.blocks, self.normalization, self.state_at_prefix):
            layer.build((None, None, self.width))

    def call(self, events: HistoryEvents, training: bool = False) -> keras.KerasTensor:
        """Encode T points of view on each history, float [B, T, W]."""
        vectors = ops.cast(events.vectors, self.compute_dtype)
        states = self.projection(vectors) if self.projects else vectors
        # Vectors of length 1 then have entries of the size that blocks add to them.
        states = self.drop_input(states * self.width**0.5, training=training)
        for block in self.blocks:
            states = block(states, training=training)
        return self.state_at_prefix(self.normalization(states), events.visible)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {
            "width": self.width,
            "blocks": len(self.blocks),
            "heads": self.heads,
            "dropout": self.dropout,
            "max_length": self.max_length,
        }
        return {**super().get_config(), **own}
