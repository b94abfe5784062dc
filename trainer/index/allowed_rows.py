"""Exact search that reads the allowed items alone."""

import tensorflow as tf

from trainer.index.exact import HIDDEN, ExactIndex, where_text
from trainer.quantisation.vector_tables import rows_of

_FEW = 8


def few_allowed(allowed: tf.Tensor) -> tf.Tensor:
    """Whether it is faster to gather the allowed items than to score all, bool []; `allowed` is bool [B, V]."""
    return tf.math.count_nonzero(allowed) * _FEW < tf.size(allowed, tf.int64)


def search_allowed_rows(
    index: ExactIndex, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, width: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The best allowed items of each query, as `ExactIndex.search` gives them.

    Args:
        index: Holds the vectors.
        preference: Preference block of the queries, float32 [B, D].
        by_text: Inner products of their text blocks with all items, float32 [B, V]; [B, 0] for zeros.
        allowed: Which items may be returned, bool [B, V].
        width: Columns of the answer, at most V.

    Returns:
        Rows int32 and scores float32, [B, width].
    """

    def one(inputs: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, tf.Tensor]:
        query, texts, shown = inputs
        rows = tf.cast(tf.where(shown)[:, 0], tf.int32)
        by_preference = tf.linalg.matvec(rows_of(index.preferences, rows), query)
        scores = where_text(texts, lambda: by_preference + tf.gather(texts, rows), lambda: by_preference)
        best, places = tf.math.top_k(scores * tf.constant(0.5**0.5), tf.minimum(width, tf.size(rows)))
        return padded(tf.gather(rows, places), best, width)

    return tf.map_fn(one, (preference, by_text, allowed), fn_output_signature=(tf.int32, tf.float32))


def padded(rows: tf.Tensor, scores: tf.Tensor, width: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows and scores of one query with hidden slots up to a width."""
    missing = [[0, width - tf.size(rows)]]
    return tf.pad(rows, missing), tf.pad(scores, missing, constant_values=HIDDEN)
