"""Low-rank adaptation of a transformer's dense layers (Hu et al. 2022, "LoRA", section 4.1)."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import keras
import numpy as np
from keras import ops

LoraTarget = Literal["query", "key", "value", "attention_output", "feedforward"]
TARGETS: tuple[LoraTarget, ...] = get_args(LoraTarget)

ATTENTION_LAYERS = {
    "query": "_query_dense",
    "key": "_key_dense",
    "value": "_value_dense",
    "attention_output": "_output_dense",
}
"""Where Keras' multi-head attention keeps the dense layer of a target."""

FEEDFORWARD_LAYERS = ("_feedforward_intermediate_dense", "_feedforward_output_dense")


@keras.saving.register_keras_serializable(package="shoprank")
class LowRankAdapter(keras.layers.Layer):
    """A dense layer plus a trainable update of low rank: `activation(x W + b + (x A) B)`.

    Equation 3 of the paper with its scale alpha / r held at 1. `B` begins at zero, so that the layer begins as it was.

    Attributes:
        base: The layer that is adapted, `Dense` or the `EinsumDense` of an attention; its activation moves here.
        down: `A`, [inputs, rank] float32.
        up: `B`, [rank, outputs] float32.
    """

    def __init__(self, base: keras.layers.Layer, rank: int, **options: object) -> None:
        """Wrap a layer that is built."""
        super().__init__(name=f"{base.name}_adapter", dtype=base.dtype_policy, **options)
        self.base = base
        self.rank = rank
        self.activation = base.activation
        base.activation = keras.activations.linear
        kernel = tuple(base.kernel.shape)
        # Only the attention's output layer contracts two axes, heads and head size.
        joint = kernel[:-1] if base.name == "attention_output" else kernel[:1]
        inputs = int(np.prod(joint))
        outputs = int(np.prod(kernel)) // inputs
        self._contracts_heads = len(joint) == 2
        self.down = self.add_weight(shape=(inputs, rank), initializer="he_uniform", name="down")
        self.up = self.add_weight(shape=(rank, outputs), initializer="zeros", name="up")
        self.built = True

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Apply the adapted layer to what the layer alone would take."""
        result = self.base(inputs)
        if self._contracts_heads:
            inputs = ops.reshape(inputs, (*ops.shape(inputs)[:-2], self.down.shape[0]))
        update = ops.matmul(ops.matmul(inputs, self.down), self.up)
        return self.activation(result + ops.reshape(update, ops.shape(result)))

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Shape and dtype of the layer alone."""
        return self.base.compute_output_spec(inputs)

    def merged_kernel(self) -> np.ndarray:
        """The kernel that gives, without an adapter, what the adapted layer gives; float32."""
        update = self.down.numpy() @ self.up.numpy()
        return self.base.kernel.numpy() + update.reshape(self.base.kernel.shape)


def add_adapters(backbone: keras.Model, rank: int, targets: Sequence[LoraTarget]) -> list[LowRankAdapter]:
    """Adapt layers of every transformer block of a KerasHub backbone, in place.

    Args:
        backbone: A backbone with `transformer_layers` of KerasHub's `TransformerEncoder`.
        rank: Rank of an update, at least 1.
        targets: Which layers of a block.

    Returns:
        The adapters.

    Raises:
        ValueError: A rank or target that cannot be, or a backbone of other blocks.
    """
    if rank < 1:
        raise ValueError(f"lora_rank is {rank}, must be at least 1")
    if unknown := sorted(set(targets) - set(TARGETS)):
        raise ValueError(f"lora_targets names {unknown[0]!r}, must be of {', '.join(TARGETS)}")
    if not targets:
        raise ValueError("lora_targets is empty, there would be nothing to train")
    adapters = []
    for block in _blocks(backbone):
        attention = block._self_attention_layer
        for target in targets:
            if target in ATTENTION_LAYERS:
                adapters.append(_adapt(attention, ATTENTION_LAYERS[target], rank))
            else:
                adapters += [_adapt(block, name, rank) for name in FEEDFORWARD_LAYERS]
    return adapters


def adapters_of(backbone: keras.Model) -> Iterator[LowRankAdapter]:
    """The adapters in a backbone."""
    return (layer for layer in backbone._flatten_layers() if isinstance(layer, LowRankAdapter))


def merged_weights(backbone: keras.Model) -> dict[str, np.ndarray]:
    """The weights of a backbone by their path, as float32 arrays, adapters merged into the kernels."""
    adapters = list(adapters_of(backbone))
    merged = {id(adapter.base.kernel): adapter.merged_kernel() for adapter in adapters}
    own = {id(weight) for adapter in adapters for weight in (adapter.down, adapter.up)}
    return {
        weight.path: merged[id(weight)] if id(weight) in merged else weight.numpy()
        for weight in backbone.weights
        if id(weight) not in own
    }


def _blocks(backbone: keras.Model) -> list[keras.layers.Layer]:
    blocks = getattr(backbone, "transformer_layers", None)
    if not blocks or not all(hasattr(block, "_self_attention_layer") for block in blocks):
        raise ValueError(f"mode 'lora' is not available for {type(backbone).__name__}: its blocks are of another kind")
    return blocks


def _adapt(owner: keras.layers.Layer, name: str, rank: int) -> LowRankAdapter:
    """Put an adapter in the place of a sublayer; Keras locks a built layer against that."""
    base = getattr(owner, name)
    owner._tracker.unlock()
    owner._tracker.untrack(base)
    adapter = LowRankAdapter(base, rank)
    setattr(owner, name, adapter)
    owner._tracker.lock()
    return adapter
