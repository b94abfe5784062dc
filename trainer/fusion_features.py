"""What the fusion of search results sees of one source of scores: numbers that can be compared between queries."""

from typing import TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Scores: TypeAlias = "tf.Tensor | NDArray[np.float32]"
"""Scores of one source for Q queries and V documents, float32 [Q, V]."""

RANK_CONSTANT = 60.0
RANKED = 1000
"""Documents of a source that get a rank."""


def scaled(scores: Scores) -> tf.Tensor:
    """Scores scaled to [0, 1] within each query; zeros where a query's are all alike. float32 [Q, V]."""
    scores = tf.cast(scores, tf.float32)
    lowest = tf.reduce_min(scores, axis=1, keepdims=True)
    highest = tf.reduce_max(scores, axis=1, keepdims=True)
    return tf.math.divide_no_nan(scores - lowest, highest - lowest)


def magnitude(scores: Scores) -> tf.Tensor:
    """sign(s) log(1 + |s|): how large a score is by itself. Hardly changes a cosine. float32 [Q, V]."""
    scores = tf.cast(scores, tf.float32)
    return tf.sign(scores) * tf.math.log1p(tf.abs(scores))


def reciprocal_rank(scores: Scores) -> tf.Tensor:
    """1 / (60 + rank) (Cormack, Clarke and Büttcher 2009), equal scores in catalogue order. float32 [Q, V].

    Only the first `RANKED` documents have a rank, and none that has the lowest score of its query: a document without
    any word of the query is not ranked by its words. The others get 0.
    """
    positions = scaled(scores)
    queries, documents = tf.unstack(tf.shape(positions))
    best, rows = tf.math.top_k(positions, tf.minimum(RANKED, documents))
    values = tf.where(best > 0, 1.0 / (RANK_CONSTANT + 1.0 + tf.range(tf.shape(best)[1], dtype=tf.float32)), 0.0)
    owners = tf.broadcast_to(tf.range(queries)[:, tf.newaxis], tf.shape(rows))
    return tf.scatter_nd(tf.stack([owners, rows], axis=-1), values, tf.shape(positions))
