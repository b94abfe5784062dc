"""Shared experts for several objectives: each objective mixes the same small networks in its own proportions."""

from collections.abc import Sequence

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="shoprank")
class MixtureOfExperts(keras.layers.Layer):
    """Multi-gate mixture of experts.

    Ma et al. 2018, "Modeling task relationships in multi-task learning with multi-gate mixture-of-experts", equations
    6 and 7: for objective o, with the experts f_e and the gate kernels G_o,

        z_o = sum over e of g_oe f_e(x),    g_o = softmax(G_o x).

    Args:
        objectives: Number of objectives, O.
        experts: Number of experts, E.
        hidden: Widths of the layers of each expert; the last is W.
        activation: Of all these layers.

    Raises:
        ValueError: There is no objective, no expert or no layer.
    """

    def __init__(
        self, objectives: int, experts: int, hidden: Sequence[int], activation: str = "gelu", **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        if objectives < 1 or experts < 1 or not hidden:
            counts = f"{objectives} objectives, {experts} experts and {len(hidden)} layers"
            raise ValueError(f"{self.name}: needs one of each at least, got {counts}")
        self.objectives, self.experts, self.hidden, self.activation = objectives, experts, list(hidden), activation
        # One flat list, expert after expert: Keras saves no layers of lists in lists.
        widths = self.hidden * experts
        self.layers_of_experts = [
            keras.layers.Dense(width, activation=activation, dtype=self.dtype_policy) for width in widths
        ]
        self.gates = keras.layers.Dense(objectives * experts, use_bias=False, dtype=self.dtype_policy, name="gates")

    def build(self, inputs_shape: tuple) -> None:
        """Create the weights."""
        self.gates.build(inputs_shape)
        widths = [inputs_shape[-1], *self.hidden[:-1]] * self.experts
        for layer, width in zip(self.layers_of_experts, widths, strict=True):
            layer.build((*inputs_shape[:-1], width))

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """float [B, N, F] to what each objective sees, float [B, N, O, W]."""
        outputs = ops.stack([self._expert(number, inputs) for number in range(self.experts)], axis=2)
        return ops.matmul(self.shares(inputs), outputs)

    def shares(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Share of each expert in what each objective sees, float [B, N, F] to float [B, N, O, E]."""
        gates = self.gates(inputs)
        return ops.softmax(ops.reshape(gates, (*ops.shape(gates)[:2], self.objectives, self.experts)), axis=-1)

    def _expert(self, number: int, inputs: keras.KerasTensor) -> keras.KerasTensor:
        depth = len(self.hidden)
        for layer in self.layers_of_experts[number * depth : (number + 1) * depth]:
            inputs = layer(inputs)
        return inputs

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        own = {"objectives": self.objectives, "experts": self.experts, "hidden": self.hidden}
        return {**super().get_config(), **own, "activation": self.activation}


@keras.saving.register_keras_serializable(package="shoprank")
class SeparateHeads(keras.layers.Layer):
    """One linear head an objective, each over its own part of one long layer.

    Args:
        objectives: Number of objectives, O.
    """

    def __init__(self, objectives: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.objectives = objectives

    def build(self, inputs_shape: tuple) -> None:
        """Create the weights: kernel [O, W] and bias [O]."""
        shape = (self.objectives, inputs_shape[-1] // self.objectives)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=shape[:1], initializer="zeros")

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """float [B, N, O W] to logits, float [B, N, O]."""
        parts = ops.reshape(inputs, (*ops.shape(inputs)[:2], *self.kernel.shape))
        return ops.sum(parts * self.kernel, axis=-1) + self.bias

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "objectives": self.objectives}
