"""Encoding a whole catalogue: several texts share one row of the network.

Padding to a common length wastes compute, and a batch shape for every length costs an XLA compilation each. Packed rows
of one fixed length need neither. Texts in one row do not see each other: attention is masked to a block per text and
positions start anew (Krell et al. 2021, "Efficient Sequence Packing without Cross-contamination").
"""

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from trainer.text_checkpoint import Pooling

ROW_LENGTHS = (32, 64, 128, 256, 512)
"""Tokens of a row. A text goes to the shortest rows that hold it, as attention costs the square of the row."""

TOKENS_PER_BATCH = 2048
MINIMUM_TOKENS = 2
"""[CLS] and [SEP], all that an empty text has."""

PackedForward = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class TokenizedTexts:
    """Texts as token ids, one after the other.

    Attributes:
        tokens: [sum of lengths] int32.
        lengths: [N] int, tokens of each text.
    """

    tokens: np.ndarray
    lengths: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """[N] int, position of each text's first token."""
        return np.cumsum(self.lengths) - self.lengths


@dataclass(frozen=True)
class PackedBatch:
    """Rows that go through the network together.

    Attributes:
        tokens: [R, L] int32.
        segments: [R, L] int32, which text of its row a token belongs to, from 1; 0 is padding.
        positions: [R, L] int32, position of a token in its text.
        texts: [M] int, the texts in the batch.
        rows: [M] int, the row of each of them.
        slots: [M] int, its number in the row, from 0.
    """

    tokens: np.ndarray
    segments: np.ndarray
    positions: np.ndarray
    texts: np.ndarray
    rows: np.ndarray
    slots: np.ndarray


def pack(lengths: Sequence[int], indices: Sequence[int], row_length: int) -> list[list[int]]:
    """Distribute texts over rows, the longest that still fits first.

    Args:
        lengths: Tokens of each of the texts named by `indices`, none longer than the row.
        indices: The texts.
        row_length: Tokens of a row.

    Returns:
        The texts of every row.
    """
    waiting: dict[int, list[int]] = {}
    for index, length in zip(indices, lengths, strict=True):
        waiting.setdefault(int(length), []).append(int(index))
    open_lengths = sorted(waiting)
    rows: list[list[int]] = []
    while open_lengths:
        row: list[int] = []
        space = row_length
        while place := bisect.bisect_right(open_lengths, space):
            length = open_lengths[place - 1]
            row.append(waiting[length].pop())
            space -= length
            if not waiting[length]:
                del open_lengths[place - 1]
        rows.append(row)
    return rows


def packed_batches(texts: TokenizedTexts) -> Iterator[PackedBatch]:
    """Pack texts into batches; all batches with the same row length have the same shape but the last."""
    row_of = np.searchsorted(ROW_LENGTHS, texts.lengths)
    starts = texts.starts
    for bucket, row_length in enumerate(ROW_LENGTHS):
        members = np.flatnonzero(row_of == bucket)
        rows = pack(texts.lengths[members].tolist(), members.tolist(), row_length)
        step = TOKENS_PER_BATCH // row_length
        for first in range(0, len(rows), step):
            yield _batch(rows[first : first + step], row_length, texts, starts)


def _batch(rows: list[list[int]], row_length: int, texts: TokenizedTexts, starts: np.ndarray) -> PackedBatch:
    tokens, segments, positions = np.zeros((3, len(rows), row_length), np.int32)
    places = []
    for row, members in enumerate(rows):
        cursor = 0
        for slot, text in enumerate(members):
            length = int(texts.lengths[text])
            here = slice(cursor, cursor + length)
            tokens[row, here] = texts.tokens[starts[text] : starts[text] + length]
            segments[row, here] = slot + 1
            positions[row, here] = np.arange(length)
            places.append((text, row, slot))
            cursor += length
    text_of, row_of, slot_of = np.array(places).T
    return PackedBatch(tokens, segments, positions, text_of, row_of, slot_of)


def first_rows(batch: PackedBatch, count: int) -> PackedBatch:
    """Keep the first rows of a batch."""
    inside = batch.rows < count
    return PackedBatch(
        tokens=batch.tokens[:count],
        segments=batch.segments[:count],
        positions=batch.positions[:count],
        texts=batch.texts[inside],
        rows=batch.rows[inside],
        slots=batch.slots[inside],
    )


def pad_rows(batch: PackedBatch) -> PackedBatch:
    """Add empty rows up to the full batch, so that XLA compiles one shape for a row length."""
    rows, row_length = batch.tokens.shape
    missing = ((0, TOKENS_PER_BATCH // row_length - rows), (0, 0))
    return replace(
        batch,
        tokens=np.pad(batch.tokens, missing),
        segments=np.pad(batch.segments, missing),
        positions=np.pad(batch.positions, missing),
    )


def packed_forward(
    backbone: keras_hub.models.BertBackbone,
    pooling: Pooling,
    jit_compile: bool,
    projection: keras.layers.Layer | None = None,
) -> PackedForward:
    """Make the function of a batch's tokens, segments and positions, [R, L] int32 each, to its vectors.

    It calls the layers of the backbone because the backbone as a whole knows neither blocks nor positions. The result
    is [R, L / 2, dimension] float32 of unit length; slots without a text are zero.

    Args:
        backbone: The network.
        pooling: How token vectors become one vector.
        jit_compile: Compile with XLA.
        projection: The layer after the pooling.
    """

    def forward(tokens: tf.Tensor, segments: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
        dtype = backbone.compute_dtype
        hidden = backbone.token_embedding(tokens) + backbone.segment_embedding(tf.zeros_like(tokens))
        hidden += tf.cast(tf.gather(backbone.position_embedding.position_embeddings, positions), dtype)
        hidden = backbone.embeddings_layer_norm(hidden)
        block = segments[:, :, tf.newaxis] == segments[:, tf.newaxis, :]
        for layer in backbone.transformer_layers:
            hidden = layer(hidden, attention_mask=block, training=False)
        slots = tf.shape(tokens)[1] // MINIMUM_TOKENS
        weights = tf.one_hot(segments - 1, slots, axis=1)
        if pooling == "cls":
            weights *= tf.cast(positions == 0, tf.float32)[:, tf.newaxis, :]
        counts = tf.reduce_sum(weights, axis=2, keepdims=True)
        pooled = tf.math.divide_no_nan(tf.matmul(weights, tf.cast(hidden, tf.float32)), counts)
        if projection is not None:
            pooled = projection(pooled) * tf.minimum(counts, 1.0)
        return tf.math.l2_normalize(pooled, axis=-1)

    signature = [tf.TensorSpec([None, None], tf.int32)] * 3
    compiled = tf.function(forward, input_signature=signature, autograph=False, jit_compile=jit_compile)
    # A plain function: an encoder that is exported would else export this one too.
    return lambda tokens, segments, positions: compiled(tokens, segments, positions)
