"""The fast way to encode a whole catalogue: packed rows, bfloat16 where the processor has it, and XLA."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from trainer.text_backbone import copy_backbone
from trainer.text_checkpoint import Pooling
from trainer.text_packing import (
    PackedBatch,
    PackedForward,
    TokenizedTexts,
    first_rows,
    packed_batches,
    packed_forward,
    pad_rows,
)
from trainer.text_plain_batches import plain_vectors
from trainer.text_presets import Tokenizer

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]

TEXTS_PER_TOKENIZATION = 8192
COMPILATION_PAYS_FROM_TOKENS = 32_768
"""Below it, building and compiling the fast function takes longer than float32 without XLA takes altogether."""

MINIMUM_COSINE = 0.999
"""Agreement with float32 that the fast function must show on its first rows."""

ROWS_TO_COMPARE = 8

BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


class CorpusEncoder(Protocol):
    """What of `TextEncoder` the fast way needs."""

    tokenize: Tokenizer
    backbone: keras_hub.models.Backbone
    projection: keras.layers.Layer | None
    packed_forward: PackedForward
    pooling: Pooling
    dimension: int

    def encode_tokens(self, tokens: dict[str, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Token ids and padding mask, int32 [B, T], to unit vectors, float32 [B, dimension]."""


def encode_corpus(encoder: CorpusEncoder, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
    """Encode texts; equal texts are encoded again.

    Args:
        encoder: The encoder. A network that is no BERT gets plain batches of like length.
        texts: N texts.
        progress: Called after every batch with the number of texts that are done and N.

    Returns:
        [N, dimension] float32, unit length; agrees with `encoder` in float32 to a cosine of at least `MINIMUM_COSINE`.
    """
    tokenized = tokenize_corpus(encoder, texts)
    vectors = np.zeros((len(texts), encoder.dimension), np.float32)
    is_bert = isinstance(encoder.backbone, keras_hub.models.BertBackbone)
    done = 0
    for places, encoded in _packed_vectors(encoder, tokenized) if is_bert else plain_vectors(encoder, tokenized):
        vectors[places] = encoded
        done += len(places)
        if progress is not None:
            progress(done, len(texts))
    return vectors


def tokenize_corpus(encoder: CorpusEncoder, texts: Sequence[str]) -> TokenizedTexts:
    """Tokenize texts in chunks with the encoder's own graph."""
    tokens, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for first in range(0, len(texts), TEXTS_PER_TOKENIZATION):
        encoded = [text.encode(errors="replace") for text in texts[first : first + TEXTS_PER_TOKENIZATION]]
        chunk = encoder.tokenize(tf.constant(encoded, tf.string))
        mask = chunk["padding_mask"].numpy().astype(bool)
        tokens.append(chunk["token_ids"].numpy()[mask])
        lengths.append(mask.sum(axis=1))
    return TokenizedTexts(np.concatenate(tokens), np.concatenate(lengths))


def supports_bfloat16(cpu_info: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bfloat16 in hardware; without, it is slower than float32."""
    try:
        return bool(BFLOAT16_FLAGS & set(cpu_info.read_text().split()))
    except OSError:
        return False


def _packed_vectors(encoder: CorpusEncoder, texts: TokenizedTexts) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The places of texts, and their vectors, batch by batch."""
    fast: PackedForward | None = None
    for batch in packed_batches(texts):
        if len(texts.tokens) < COMPILATION_PAYS_FROM_TOKENS:
            packed = _run(encoder.packed_forward, batch)
        else:
            full = pad_rows(batch)
            fast = _choose_fastest(encoder, full) if fast is None else fast
            packed = _run(fast, full)
        yield batch.texts, packed[batch.rows, batch.slots]


def _choose_fastest(encoder: CorpusEncoder, batch: PackedBatch) -> PackedForward:
    """Take the fastest function that runs on this machine and agrees with float32 on a few rows of the batch."""
    exact = _forward_in("float32", encoder, jit_compile=False)
    reference = _run(exact, first_rows(batch, ROWS_TO_COMPARE))
    for dtype in ["mixed_bfloat16", "float32"] if supports_bfloat16() else ["float32"]:
        fast = _forward_in(dtype, encoder, jit_compile=True)
        try:
            vectors = _run(fast, batch)
        except tf.errors.OpError as error:
            reason = error.message.split("\n")[0]
            logger.warning("encoding texts without XLA, which is not available here: %s", reason)
            return exact
        cosine = _worst_cosine(reference, vectors[: len(reference)])
        if cosine >= MINIMUM_COSINE:
            return fast
        logger.warning("not encoding texts in %s: cosine with float32 is down to %.4f", dtype, cosine)
    return exact


def _forward_in(dtype: str, encoder: CorpusEncoder, jit_compile: bool) -> PackedForward:
    backbone = encoder.backbone
    if backbone.dtype_policy.name != dtype:
        backbone = copy_backbone(backbone, dtype)
    elif not jit_compile:
        return encoder.packed_forward
    return packed_forward(backbone, encoder.pooling, jit_compile, encoder.projection)


def _worst_cosine(reference: np.ndarray, vectors: np.ndarray) -> float:
    filled = np.abs(reference).sum(axis=-1) > 0
    return float(np.sum(reference * vectors, axis=-1)[filled].min())


def _run(forward: PackedForward, batch: PackedBatch) -> np.ndarray:
    arrays = (tf.constant(array) for array in (batch.tokens, batch.segments, batch.positions))
    return forward(*arrays).numpy()
