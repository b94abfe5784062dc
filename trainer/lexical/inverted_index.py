"""An inverted index: from a term to the rows that have it."""

import numpy as np
import scipy.sparse as sp
import tensorflow as tf


class InvertedIndex(tf.Module):
    """Postings of T terms over R rows, in compressed sparse rows.

    Attributes:
        terms: T.
        rows: R.
    """

    def __init__(self, postings: sp.csr_matrix, name: str = "inverted_index") -> None:
        """Take what each term adds to each row; [T, R], the rows of a term ascending."""
        super().__init__(name=name)
        self.terms, self.rows = postings.shape
        self._offsets = tf.Variable(postings.indptr.astype(np.int64), trainable=False, name="offsets")
        self._rows = tf.Variable(postings.indices.astype(np.int32), trainable=False, name="rows")
        self._impacts = tf.Variable(postings.data.astype(np.float32), trainable=False, name="impacts")

    def scores(self, owners: tf.Tensor, terms: tf.Tensor, weights: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        """Sums of the impacts of the terms of each query. Costs by the postings of the terms and by count R.

        Args:
            owners: Query that each of the N terms belongs to, int64 [N], in [0, count).
            terms: int64 [N], in [0, T).
            weights: What the impacts of each term are multiplied by, float32 [N].
            count: Queries, scalar int64.

        Returns:
            float32 [count, R].
        """
        which, postings = self._postings(terms)
        cells = tf.gather(owners, which) * self.rows + tf.cast(tf.gather(self._rows, postings), tf.int64)
        impacts = tf.gather(self._impacts, postings) * tf.gather(weights, which)
        sums = tf.math.unsorted_segment_sum(impacts, cells, count * self.rows)
        return tf.reshape(sums, tf.stack([count, tf.constant(self.rows, tf.int64)]))

    def has(self, terms: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        """Whether rows have terms.

        Args:
            terms: int64 [N], in [0, T).
            rows: int64 [N, M]; one outside [0, R) has no term.

        Returns:
            bool [N, M].
        """
        which, postings = self._postings(terms)
        # Ascending, because the rows of a term are.
        known = which * self.rows + tf.cast(tf.gather(self._rows, postings), tf.int64)
        asked = tf.range(tf.size(terms, tf.int64))[:, tf.newaxis] * self.rows + rows
        found = tf.reshape(tf.searchsorted(known, tf.reshape(asked, [-1]), out_type=tf.int64), tf.shape(asked))
        # Nothing is found behind the last posting; -1 equals no cell.
        at = tf.gather(tf.concat([known, [-1]], axis=0), found)
        return (at == asked) & (rows >= 0) & (rows < self.rows)

    def _postings(self, terms: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Positions of all postings of the terms, and which of the terms each belongs to; both int64."""
        ranges = tf.ragged.range(tf.gather(self._offsets, terms), tf.gather(self._offsets, terms + 1))
        return ranges.value_rowids(), ranges.flat_values
