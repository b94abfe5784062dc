"""A pre-norm block of causal self-attention, with a learned bias for the distance between two events."""

import keras
from keras import ops

_HIDDEN = -1e9


@keras.saving.register_keras_serializable(package="shoprank")
class CausalSelfAttention(keras.layers.Layer):
    """Multi-head attention of each event to itself and the events before it.

    The weight of event j for event l >= j in head h is the softmax over j of
    `q_l . k_j / sqrt(W / heads) + b[h, l - j]`: scaled dot-product attention (Vaswani et al. 2017, "Attention is all
    you need", section 3.2) with a bias for the relative position (Raffel et al. 2020, "Exploring the limits of transfer
    learning", section 2.1), here with one value for each distance.

    Args:
        width: Length of the states, W.
        heads: Attention heads.
        dropout: Share of the attention weights that is dropped in training.
        max_length: Distances with a bias of their own; those farther away share that of the farthest.

    Raises:
        ValueError: `width` is not divisible by `heads`, or a number is out of range.
    """

    def __init__(self, width: int, heads: int, dropout: float, max_length: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        if heads < 1 or width % heads:
            raise ValueError(f"heads: a positive divisor of width {width}, not {heads}")
        if max_length < 1:
            raise ValueError(f"max_length: at least 1, not {max_length}")
        self.width, self.heads, self.dropout, self.max_length = width, heads, dropout, max_length
        self.projections = keras.layers.Dense(3 * width, dtype=self.dtype_policy, name="projections")
        self.drop_weights = keras.layers.Dropout(dropout, dtype=self.dtype_policy, name="drop_weights")
        self.output_projection = keras.layers.Dense(width, dtype=self.dtype_policy, name="output_projection")

    def build(self, states_shape: tuple) -> None:
        """Create the weights; the biases of the distances are float32 [heads, max_length]."""
        self.projections.build(states_shape)
        self.output_projection.build((None, None, self.width))
        shape = (self.heads, self.max_length)
        self.distance_biases = self.add_weight(name="distance_biases", shape=shape, initializer="zeros", autocast=False)

    def call(self, states: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """States of the events, oldest first, float [B, L, W] to float [B, L, W]."""
        batch, length, _ = ops.shape(states)
        split = (batch, length, 3, self.heads, self.width // self.heads)
        projected = ops.transpose(ops.reshape(self.projections(states), split), (2, 0, 3, 1, 4))
        queries, keys, values = projected[0], projected[1], projected[2]
        logits = ops.matmul(queries, ops.swapaxes(keys, -1, -2)) * (self.width // self.heads) ** -0.5
        # Softmax in float32: bfloat16 keeps three digits.
        weights = ops.softmax(ops.cast(logits, "float32") + self._position_biases(length), axis=-1)
        weights = self.drop_weights(ops.cast(weights, self.compute_dtype), training=training)
        attended = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))
        return self.output_projection(ops.reshape(attended, (batch, length, self.width)))

    def _position_biases(self, length: int) -> keras.KerasTensor:
        """Bias of each pair of events in each head, far below zero for later events, float32 [heads, L, L]."""
        positions = ops.arange(length, dtype="int32")
        distances = positions[:, None] - positions[None, :]
        rows = ops.clip(distances, 0, self.max_length - 1)
        return ops.where(distances < 0, _HIDDEN, ops.take(self.distance_biases, rows, axis=1))

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"width": self.width, "heads": self.heads, "dropout": self.dropout, "max_length": self.max_length}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="shoprank")
class AttentionBlock(keras.layers.Layer):
    """Self-attention, then a point-wise feed-forward network, each as `x + dropout(layer(norm(x)))`.

    Source: Kang & McAuley 2018, "Self-attentive sequential recommendation", sections III-B and III-C: both layers of
    the network have the width of the states, with a ReLU between them.

    Args:
        width: Length of the states, W.
        heads: Attention heads.
        dropout: Share of the units that is dropped in training.
        max_length: Distances with a bias of their own.

    Raises:
        ValueError: `width` is not divisible by `heads`, or a number is out of range.
    """

    def __init__(self, width: int, heads: int, dropout: float, max_length: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.width, self.heads, self.dropout, self.max_length = width, heads, dropout, max_length
        policy = self.dtype_policy
        self.attention_norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy, name="attention_norm")
        self.attention = CausalSelfAttention(width, heads, dropout, max_length, dtype=policy, name="attention")
        self.network_norm = keras.layers.LayerNormalization(epsilon=1e-6, dtype=policy, name="network_norm")
        self.hidden = keras.layers.Dense(width, activation="relu", dtype=policy, name="hidden")
        self.output_projection = keras.layers.Dense(width, dtype=policy, name="output_projection")
        self.drop = keras.layers.Dropout(dropout, dtype=policy, name="drop")

    def build(self, states_shape: tuple) -> None:
        """Create the weights."""
        for layer in (self.attention_norm, self.attention, self.network_norm, self.hidden, self.output_projection):
            layer.build(states_shape)

    def call(self, states: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """States of the events, oldest first, float [B, L, W] to float [B, L, W]."""
        attended = self.attention(self.attention_norm(states), training=training)
        states = states + self.drop(attended, training=training)
        hidden = self.drop(self.hidden(self.network_norm(states)), training=training)
        return states + self.drop(self.output_projection(hidden), training=training)

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"width": self.width, "heads": self.heads, "dropout": self.dropout, "max_length": self.max_length}
        return {**super().get_config(), **own}
