"""A BERT-family checkpoint as a KerasHub backbone."""

import re
from collections.abc import Callable
from functools import partial

import keras
import keras_hub
import numpy as np

from trainer.text_checkpoint import TextCheckpoint, TextCheckpointError
from trainer.text_lora import merged_weights

ACTIVATIONS: dict[str, Callable] = {
    "gelu": partial(keras.activations.gelu, approximate=False),
    "gelu_new": partial(keras.activations.gelu, approximate=True),
    "gelu_pytorch_tanh": partial(keras.activations.gelu, approximate=True),
    "relu": keras.activations.relu,
}

RENAMES = (
    (r"^token_embedding/embeddings$", "embeddings.word_embeddings.weight"),
    (r"^position_embedding/embeddings$", "embeddings.position_embeddings.weight"),
    (r"^segment_embedding/embeddings$", "embeddings.token_type_embeddings.weight"),
    (r"^embeddings_layer_norm/", "embeddings.LayerNorm."),
    (r"^pooled_dense/", "pooler.dense."),
    (r"^transformer_layer_(\d+)/", r"encoder.layer.\1."),
    (r"self_attention_layer/attention_output/", "attention.output.dense."),
    (r"self_attention_layer/(query|key|value)/", r"attention.self.\1."),
    (r"self_attention_layer_norm/", "attention.output.LayerNorm."),
    (r"feedforward_intermediate_dense/", "intermediate.dense."),
    (r"feedforward_output_dense/", "output.dense."),
    (r"feedforward_layer_norm/", "output.LayerNorm."),
    (r"(kernel|gamma)$", "weight"),
    (r"beta$", "bias"),
)
"""From the path of a KerasHub variable to the Hugging Face name, applied in order."""


def build_backbone(checkpoint: TextCheckpoint, dtype: str = "float32") -> keras_hub.models.BertBackbone:
    """Build the network, to compute in a dtype policy, and give every one of its variables the checkpoint's weight.

    Raises:
        TextCheckpointError: A weight is missing, has another shape, or has no place in the network that config.json
            describes. Weights outside of the encoder, such as a language-model head, are left alone.
    """
    config = checkpoint.config
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=config.vocab_size,
        num_layers=config.num_hidden_layers,
        num_heads=config.num_attention_heads,
        hidden_dim=config.hidden_size,
        intermediate_dim=config.intermediate_size,
        dropout=config.hidden_dropout_prob,
        max_sequence_length=config.max_position_embeddings,
        num_segments=config.type_vocab_size,
        dtype=dtype,
    )
    set_activation(backbone, ACTIVATIONS[config.hidden_act])
    _assign_weights(backbone, checkpoint)
    return backbone


def set_activation(backbone: keras_hub.models.BertBackbone, activation: Callable) -> None:
    """Replace the activation of the feed-forward layers: KerasHub's is fixed at the tanh approximation of GELU."""
    for layer in backbone.transformer_layers:
        layer._feedforward_intermediate_dense.activation = activation


def get_activation(backbone: keras_hub.models.BertBackbone) -> str:
    """The Hugging Face name of the activation of the feed-forward layers."""
    activation = backbone.transformer_layers[0]._feedforward_intermediate_dense.activation
    for name, known in ACTIVATIONS.items():
        if activation is known:
            return name
    return "gelu_pytorch_tanh"


def copy_backbone(backbone: keras_hub.models.Backbone, dtype: str) -> keras_hub.models.Backbone:
    """Copy a backbone, with the weights that it has now, to compute in another dtype policy; adapters are merged."""
    config = {key: value for key, value in backbone.get_config().items() if key not in ("name", "trainable", "dtype")}
    copy = type(backbone)(**config, dtype=dtype)
    if isinstance(backbone, keras_hub.models.BertBackbone):
        set_activation(copy, ACTIVATIONS[get_activation(backbone)])
    weights = merged_weights(backbone)
    for weight in copy.weights:
        weight.assign(weights[weight.path])
    return copy


def hugging_face_name(path: str) -> str:
    """Translate the path of a backbone variable, for example `pooled_dense/kernel` to `pooler.dense.weight`."""
    for pattern, replacement in RENAMES:
        path = re.sub(pattern, replacement, path)
    return path


def _assign_weights(backbone: keras_hub.models.BertBackbone, checkpoint: TextCheckpoint) -> None:
    unused = {name for name in checkpoint.weights if name.startswith(("embeddings.", "encoder.", "pooler."))}
    unused.discard("embeddings.position_ids")  # A buffer that counts positions; it is no weight.
    for variable in backbone.weights:
        name = hugging_face_name(variable.path)
        if name not in checkpoint.weights:
            raise TextCheckpointError(f"{checkpoint.weights_path}: weight {name} is missing")
        tensor, expected = checkpoint.weights[name], _hugging_face_shape(variable, backbone.hidden_dim)
        if tensor.shape != expected:
            raise TextCheckpointError(
                f"{checkpoint.weights_path}: weight {name} has shape {tensor.shape}, config.json asks for {expected}"
            )
        # A torch linear layer holds [outputs, inputs], a Keras one [inputs, outputs], here with the heads as an axis.
        matrix = tensor.T if variable.path.endswith("kernel") else tensor
        variable.assign(matrix.astype("float32").reshape(variable.shape))
        unused.discard(name)
    if unused:
        raise TextCheckpointError(
            f"{checkpoint.weights_path}: weight {min(unused)} has no place in the network of config.json"
        )


def _hugging_face_shape(variable: keras.Variable, hidden_dim: int) -> tuple[int, ...]:
    shape = tuple(variable.shape)
    if variable.path.endswith("kernel"):
        inputs = hidden_dim if len(shape) == 3 else shape[0]
        return int(np.prod(shape)) // inputs, inputs
    return (int(np.prod(shape)),) if variable.path.endswith("bias") else shape
