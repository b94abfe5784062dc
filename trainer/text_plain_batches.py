"""Encoding many texts with any network: batches of texts of like length."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import tensorflow as tf

from trainer.text_packing import TOKENS_PER_BATCH, TokenizedTexts


class TokenEncoder(Protocol):
    """What of `TextEncoder` is needed."""

    def encode_tokens(self, tokens: dict[str, tf.Tensor], training: bool | None = None) -> tf.Tensor:
        """Token ids and padding mask, int32 [B, T], to unit vectors, float32 [B, dimension]."""


def plain_vectors(encoder: TokenEncoder, texts: TokenizedTexts) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Encode texts, the shortest first.

    Args:
        encoder: The encoder.
        texts: The texts.

    Yields:
        The places of some texts, int [M], and their vectors, float32 [M, dimension].
    """
    signature = {name: tf.TensorSpec([None, None], tf.int32) for name in ("token_ids", "padding_mask")}
    encode = tf.function(lambda tokens: encoder.encode_tokens(tokens, False), input_signature=[signature])
    order = np.argsort(texts.lengths, kind="stable")
    first = 0
    while first < len(order):
        # The batch is as wide as its longest text, which is its last.
        sizes = texts.lengths[order[first : first + TOKENS_PER_BATCH]] * np.arange(
            1, 1 + min(TOKENS_PER_BATCH, len(order) - first)
        )
        count = max(1, int(np.searchsorted(sizes, TOKENS_PER_BATCH, side="right")))
        places = order[first : first + count]
        yield places, encode(_padded(texts, places)).numpy()
        first += count


def _padded(texts: TokenizedTexts, places: np.ndarray) -> dict[str, tf.Tensor]:
    lengths = texts.lengths[places]
    mask = np.arange(lengths.max()) < lengths[:, np.newaxis]
    tokens = np.zeros(mask.shape, np.int32)
    starts = texts.starts[places]
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        tokens[row, :length] = texts.tokens[start : start + length]
    return {"token_ids": tf.constant(tokens), "padding_mask": tf.constant(mask.astype(np.int32))}
