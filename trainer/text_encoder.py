"""Texts to unit vectors with a pretrained BERT-family encoder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from trainer.text_backbone import ACTIVATIONS, build_backbone, get_activation, set_activation
from trainer.text_cache import TextCache, text_keys
from trainer.text_checkpoint import Pooling, TextCheckpointError, read_checkpoint
from trainer.text_corpus import Progress, encode_corpus
from trainer.text_fingerprint import fingerprint_of
from trainer.text_folder import write_folder
from trainer.text_hub_tokenizer import HubTokenizer
from trainer.text_lora import LoraTarget
from trainer.text_modes import Mode, check_mode, make_trainable
from trainer.text_packing import ROW_LENGTHS, PackedForward, packed_forward
from trainer.text_presets import read_preset
from trainer.text_projection import make_projection
from trainer.text_strings import as_strings
from trainer.text_tokenizer import TextTokenizer

LORA_RANK = 8
LORA_TARGETS: tuple[LoraTarget, ...] = ("query", "value")
"""What the paper finds to be worth its parameters first (Hu et al. 2022, section 7.1)."""


@keras.saving.register_keras_serializable(package="shoprank")
class TextEncoder(keras.Model):
    """A pretrained network with its tokenizer: strings in, unit vectors out.

    Its vectors are those of sentence-transformers: mean (or, where the folder says so, [CLS]) pooling over all tokens
    with [CLS] and [SEP], a dense layer where there is one, then unit length (Reimers and Gurevych 2019,
    "Sentence-BERT", section 3). It runs in a graph, exports with `tf.saved_model.save` and is kept in `.keras` files.

    Attributes:
        tokenize: Texts, string [B], to `token_ids` and `padding_mask`, both [B, T] int32; see `TextTokenizer`.
        backbone: KerasHub's network.
        projection: The dense layer after the pooling, or None.
        pooling: `mean` or `cls`.
        dimension: Length of a vector.
        max_tokens: Tokens of a text that are read, the first and the last special one included.
        mode: What trains: nothing (`frozen`), the projection (`head`), low-rank adapters and the projection (`lora`),
            or everything (`full`).
    """

    def __init__(
        self,
        backbone: keras_hub.models.Backbone,
        tokenize: TextTokenizer | HubTokenizer,
        pooling: Pooling = "mean",
        mode: Mode = "frozen",
        lora_rank: int = LORA_RANK,
        lora_targets: Sequence[LoraTarget] = LORA_TARGETS,
        projection: int | None = None,
        projection_activation: str = "linear",
        name: str = "text_encoder",
    ) -> None:
        """Put the parts together; `load` and `from_preset` read them from a checkpoint.

        Args:
            backbone: The network; in mode `lora` it is given adapters in place.
            tokenize: The tokenizer that the network was trained with.
            pooling: How token vectors become one vector.
            mode: What trains.
            lora_rank: Rank of the adapters.
            lora_targets: Layers of every block that get an adapter.
            projection: Length of the vectors after a dense layer; None has no such layer but in mode `head`, where it
                is as wide as the network.
            projection_activation: Keras' name of the dense layer's activation, `linear` or `tanh`.
            name: Name of the model.

        Raises:
            ValueError: An argument that cannot be.
        """
        super().__init__(name=name, dtype="float32")
        check_mode(mode)
        _check_length(type(backbone).__name__, tokenize.max_tokens, backbone)
        self.tokenize, self.max_tokens = tokenize, tokenize.max_tokens
        self.backbone, self.pooling = backbone, pooling
        self.mode, self.lora_rank, self.lora_targets = mode, lora_rank, tuple(lora_targets)
        make_trainable(backbone, mode, lora_rank, self.lora_targets)
        width = backbone.hidden_dim
        outputs = width if projection is None and mode == "head" else projection
        self.projection = None if outputs is None else make_projection(width, outputs, projection_activation)
        if self.projection is not None:
            self.projection.trainable = mode != "frozen"
        self.dimension: int = outputs or width
        self._packed: PackedForward | None = None
        self.built = True

    @classmethod
    def load(
        cls,
        checkpoint: Path | None,
        max_tokens: int,
        mode: Mode = "frozen",
        precision: str = "float32",
        lora_rank: int = LORA_RANK,
        lora_targets: Sequence[LoraTarget] = LORA_TARGETS,
        projection: int | None = None,
    ) -> "TextEncoder":
        """Read a Hugging Face or sentence-transformers folder; None takes the bundled MiniLM.

        Args:
            checkpoint: The folder.
            max_tokens: Tokens of a text that are read, [CLS] and [SEP] included.
            mode: What trains.
            precision: `float32`, or `mixed_bfloat16` for bfloat16 compute on float32 variables.
            lora_rank: Rank of the adapters.
            lora_targets: Layers of every block that get an adapter.
            projection: Length of the vectors after a dense layer; by default the folder decides.

        Raises:
            TextCheckpointError: One line that names the file, or the tensor in it, and what is wrong.
            ValueError: Another argument that cannot be.
        """
        read = read_checkpoint(checkpoint)
        stored = read.projection
        outputs = projection if stored is None else stored.kernel.shape[1]
        if projection not in (None, outputs):
            raise TextCheckpointError(f"{read.folder}: its vectors have {outputs} values, projection is {projection}")
        _check_length(str(read.folder), max_tokens, read.config.max_position_embeddings)
        encoder = cls(
            build_backbone(read, precision),
            TextTokenizer(read.vocabulary, read.tokenizer, max_tokens),
            read.pooling,
            mode,
            lora_rank,
            lora_targets,
            outputs,
            "linear" if stored is None else stored.activation,
        )
        if stored is not None and encoder.projection is not None:
            encoder.projection.set_weights([stored.kernel, stored.bias])
        return encoder

    @classmethod
    def from_preset(
        cls,
        preset: str,
        max_tokens: int,
        mode: Mode = "frozen",
        precision: str = "float32",
        lora_rank: int = LORA_RANK,
        lora_targets: Sequence[LoraTarget] = LORA_TARGETS,
        projection: int | None = None,
        pooling: Pooling = "mean",
    ) -> "TextEncoder":
        """Read a KerasHub preset: a folder with a backbone and its tokenizer, or a name that KerasHub downloads.

        Args:
            preset: Folder or name.
            max_tokens: Tokens of a text that are read, the first and the last special one included.
            mode: What trains.
            precision: `float32` or `mixed_bfloat16`.
            lora_rank: Rank of the adapters.
            lora_targets: Layers of every block that get an adapter.
            projection: Length of the vectors after a dense layer; None has no such layer.
            pooling: How token vectors become one vector; a preset does not say.

        Raises:
            TextCheckpointError: The preset is missing or is of a kind that this encoder cannot use.
            ValueError: Another argument that cannot be.
        """
        backbone, tokenize = read_preset(preset, max_tokens, precision)
        _check_length(preset, max_tokens, backbone)
        return cls(backbone, tokenize, pooling, mode, lora_rank, lora_targets, projection)

    def __call__(self, texts: Any, *arguments: Any, **options: Any) -> tf.Tensor:
        """Encode texts: a string tensor, a NumPy array or a list of str, [B], to float32 [B, dimension]."""
        return super().__call__(as_strings(texts), *arguments, **options)

    def call(self, texts: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Encode texts.

        Args:
            texts: [B] string.
            training: Whether the checkpoint's dropout is on.

        Returns:
            [B, dimension] float32, unit length.
        """
        return self.encode_tokens(self.tokenize(texts), training)

    def compute_output_spec(self, texts: keras.KerasTensor, training: bool | None = None) -> keras.KerasTensor:
        """[B] string gives [B, dimension] float32."""
        return keras.KerasTensor((texts.shape[0], self.dimension), "float32")

    def encode_tokens(self, tokens: dict[str, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Encode what `tokenize` gives; see `hidden_states` for the arguments.

        Returns:
            [B, dimension] float32, unit length.
        """
        hidden = self.hidden_states(tokens, training)
        if self.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            mask = tf.cast(tokens["padding_mask"], tf.float32)[:, :, tf.newaxis]
            pooled = tf.math.divide_no_nan(tf.reduce_sum(hidden * mask, axis=1), tf.reduce_sum(mask, axis=1))
        if self.projection is not None:
            pooled = self.projection(pooled)
        return tf.math.l2_normalize(pooled, axis=-1)

    def hidden_states(self, tokens: dict[str, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """The network's last layer.

        Args:
            tokens: `token_ids` and `padding_mask`, int32 [B, T]; `segment_ids` where a row has two texts.
            training: Whether dropout is on; never in the modes that do not train the network.

        Returns:
            [B, T, width] float32.
        """
        tokens = {"segment_ids": tf.zeros_like(tokens["token_ids"]), **tokens}
        inputs = {name: tf.convert_to_tensor(tokens[name], tf.int32) for name in self.backbone.input}
        training = False if self.mode in ("frozen", "head") else training
        output = self.backbone(inputs, training=training)
        return tf.cast(output["sequence_output"] if isinstance(output, dict) else output, tf.float32)

    def predict(self, x: Any, batch_size: int | None = None, **options: Any) -> np.ndarray:
        """Encode N texts in batches, as `keras.Model.predict`; `encode_texts` is the fast way for many."""
        if not isinstance(x, tf.data.Dataset):
            x, batch_size = tf.data.Dataset.from_tensor_slices(as_strings(x)).batch(batch_size or 32), None
        return super().predict(x, batch_size=batch_size, **options)

    @property
    def packed_forward(self) -> PackedForward:
        """The network on packed rows, for a BERT backbone; see `trainer.text_packing`."""
        if self._packed is None:
            self._packed = packed_forward(self.backbone, self.pooling, False, self.projection)
        return self._packed

    @property
    def fingerprint(self) -> str:
        """Hash over everything that decides a text's vector, the weights of now included."""
        return fingerprint_of(self)

    def save_folder(self, folder: Path) -> None:
        """Write a sentence-transformers folder that `load` and other libraries read; adapters are merged.

        Raises:
            TextCheckpointError: The network is no BERT.
        """
        write_folder(self, folder)

    def tf_variables(self) -> list[tf.Variable]:
        """All variables that a `tf.Module` must hold to export a function that calls this encoder."""
        return [weight.value for weight in self.weights]

    def get_config(self) -> dict[str, Any]:
        """All but the weights, the vocabulary included."""
        is_bert = isinstance(self.backbone, keras_hub.models.BertBackbone)
        dense = self.projection
        return {
            "backbone": keras.saving.serialize_keras_object(self.backbone),
            "activation": get_activation(self.backbone) if is_bert else None,
            "tokenizer": {"kind": type(self.tokenize).__name__, **self.tokenize.get_config()},
            "pooling": self.pooling,
            "mode": self.mode,
            "lora_rank": self.lora_rank,
            "lora_targets": list(self.lora_targets),
            "projection": None if dense is None else dense.units,
            "projection_activation": "linear" if dense is None else keras.activations.serialize(dense.activation),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> "TextEncoder":
        """Rebuild from `get_config`, with weights yet to be loaded."""
        config = dict(config)
        activation, tokenizer = config.pop("activation"), dict(config.pop("tokenizer"))
        backbone = keras.saving.deserialize_keras_object(config.pop("backbone"), custom_objects)
        if activation is not None:
            set_activation(backbone, ACTIVATIONS[activation])
        kind = {each.__name__: each for each in (TextTokenizer, HubTokenizer)}[tokenizer.pop("kind")]
        return cls(backbone, kind.from_config(tokenizer), **config)


def encode_texts(
    encoder: TextEncoder,
    texts: Sequence[str],
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Encode many texts, each distinct one once, the fast way of `encode_corpus`.

    Args:
        encoder: The encoder.
        texts: N texts.
        cache_dir: Where vectors are kept between calls; None keeps none.
        progress: Called with the number of distinct texts that are done and their total.

    Returns:
        [N, dimension] float32, unit length.
    """
    keys = text_keys(texts)
    cache = None if cache_dir is None else TextCache(cache_dir, encoder.fingerprint, encoder.dimension)
    known = {} if cache is None else cache.read()
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        done = len(set(keys)) - len(missing)
        vectors = encode_corpus(encoder, list(missing.values()), _shifted(progress, done))
        known.update(zip(missing, vectors, strict=True))
        if cache is not None:
            cache.write(known)
    if not keys:
        return np.zeros((0, encoder.dimension), np.float32)
    return np.stack([known[key] for key in keys])


def _shifted(progress: Progress | None, done: int) -> Progress | None:
    if progress is None:
        return None
    return lambda count, total: progress(done + count, done + total)


def _check_length(source: str, max_tokens: int, network: keras_hub.models.Backbone | int) -> None:
    positions = network if isinstance(network, int) else getattr(network, "max_sequence_length", None)
    longest = min(positions or ROW_LENGTHS[-1], ROW_LENGTHS[-1])
    if not 3 <= max_tokens <= longest:
        raise TextCheckpointError(f"{source}: max_tokens is {max_tokens}, must be 3 to {longest}")
