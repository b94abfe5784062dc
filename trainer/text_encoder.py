"""Texts to unit vectors with a pretrained BERT-family encoder."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import keras_hub
import numpy as np
import tensorflow as tf

from trainer.text_backbone import build_backbone
from trainer.text_cache import TextCache, text_keys
from trainer.text_checkpoint import Pooling, TextCheckpoint, TextCheckpointError, read_checkpoint
from trainer.text_corpus import Progress, encode_corpus
from trainer.text_packing import ROW_LENGTHS, packed_forward
from trainer.text_tokenizer import TextTokenizer

FINGERPRINT_VERSION = 1
"""To be raised when the same checkpoint begins to give other vectors, so that old caches are left behind."""


class TextEncoder:
    """A checkpoint with its tokenizer; callable inside a `tf.function` and exportable.

    Its vectors are those of sentence-transformers: mean (or, where the folder says so, [CLS]) pooling over all tokens
    with [CLS] and [SEP], then unit length (Reimers and Gurevych 2019, "Sentence-BERT", section 3).

    Attributes:
        tokenize: Texts, [B] string, to `token_ids` and `padding_mask`, both [B, T] int32; see `TextTokenizer`.
        backbone: The float32 network.
        packed_forward: The float32 network on packed rows; see `trainer.text_packing`.
        dimension: Length of a vector.
        max_tokens: Tokens of a text that are read, [CLS] and [SEP] included.
        fingerprint: Hash over everything that decides a text's vector.
    """

    def __init__(self, checkpoint: TextCheckpoint, max_tokens: int) -> None:
        """Build tokenizer and network.

        Raises:
            TextCheckpointError: The weights do not fit the configuration, or `max_tokens` does not fit the network.
        """
        longest = min(checkpoint.config.max_position_embeddings, ROW_LENGTHS[-1])
        if not 3 <= max_tokens <= longest:
            raise TextCheckpointError(f"{checkpoint.folder}: max_tokens is {max_tokens}, must be 3 to {longest}")
        self.tokenize = TextTokenizer(checkpoint, max_tokens)
        self.backbone: keras_hub.models.BertBackbone = build_backbone(checkpoint)
        self.pooling: Pooling = checkpoint.pooling
        self.packed_forward = packed_forward(self.backbone, self.pooling, jit_compile=False)
        self.dimension: int = checkpoint.config.hidden_size
        self.max_tokens = max_tokens
        parts = (FINGERPRINT_VERSION, checkpoint.digest, checkpoint.pooling, max_tokens)
        self.fingerprint = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]

    @classmethod
    def load(cls, checkpoint: Path | None, max_tokens: int) -> "TextEncoder":
        """Read a Hugging Face folder; None takes the bundled MiniLM.

        Raises:
            TextCheckpointError: One line that names the file and what is wrong with it.
        """
        return cls(read_checkpoint(checkpoint), max_tokens)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Encode texts in the graph, in float32.

        Args:
            texts: [B] string.

        Returns:
            [B, dimension] float32, unit length.
        """
        tokens = self.tokenize(texts)
        inputs = {**tokens, "segment_ids": tf.zeros_like(tokens["token_ids"])}
        hidden = self.backbone(inputs, training=False)["sequence_output"]
        if self.pooling == "cls":
            return tf.math.l2_normalize(hidden[:, 0], axis=-1)
        # The number of tokens, by which a mean would divide, cancels in the normalisation.
        mask = tf.cast(tokens["padding_mask"], tf.float32)[:, :, tf.newaxis]
        return tf.math.l2_normalize(tf.reduce_sum(hidden * mask, axis=1), axis=-1)

    def tf_variables(self) -> list[tf.Variable]:
        """All variables that a `tf.Module` must hold to export a function that calls this encoder."""
        return [weight.value for weight in self.backbone.weights]


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
