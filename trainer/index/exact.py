"""Exact maximum inner product search over preference and text vectors."""

from collections.abc import Callable

import tensorflow as tf

from trainer.quantisation.vector_tables import VectorTable, inner_products

HIDDEN = -1e9
"""Score of an item that may not be shown."""


class ExactIndex(tf.Module):
    """Scores every item of the catalogue.

    The vector of an item is [preference / sqrt 2, text / sqrt 2] and that of a query [sqrt(1 - s) preference,
    sqrt(s) text] with the text's share s, 0 for a query without text; both have length 1. The two blocks are kept
    apart so that a request without text does not read the text block.
    """

    def __init__(self, preferences: VectorTable, texts: VectorTable, name: str = "exact_index") -> None:
        """Take the vectors of V items: unit preference vectors [V, D] and unit text vectors [V, T].

        The tables are shared, not copied.
        """
        super().__init__(name=name)
        self.preferences, self.texts = preferences, texts

    def by_text(self, text: tf.Tensor) -> tf.Tensor:
        """Inner products of the text blocks with those of all items; nothing is read where no query has a text.

        Args:
            text: Text block of the queries, float32 [B, T]; zeros where there is no text.

        Returns:
            float32 [B, V]; [B, 0] where no query has a text.
        """
        any_text = tf.reduce_any(tf.not_equal(text, 0.0))
        return tf.cond(
            any_text,
            lambda: inner_products(text, self.texts),
            lambda: tf.zeros(tf.stack([tf.shape(text)[0], 0]), text.dtype),
        )

    def scores(self, preference: tf.Tensor, by_text: tf.Tensor) -> tf.Tensor:
        """Inner products with all items.

        Args:
            preference: Preference block of the queries, float32 [B, D].
            by_text: What `by_text` gives for their text block, float32 [B, V]; [B, 0] for zeros.

        Returns:
            float32 [B, V].
        """
        by_preference = inner_products(preference, self.preferences)
        both = where_text(by_text, lambda: by_preference + by_text, lambda: by_preference)
        return both * tf.constant(0.5**0.5)

    def search(
        self, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best allowed items of each query.

        Args:
            preference: As in `scores`.
            by_text: As in `scores`.
            allowed: Which items may be returned, bool [B, V].
            k: Items wanted, int32, scalar or [B]; less than none is none.

        Returns:
            Rows int32 and scores float32, [B, min(largest k, V)], best first; a score of `HIDDEN` marks a slot that
            was not asked for or that no allowed item could fill.
        """
        scores = tf.where(allowed, self.scores(preference, by_text), HIDDEN)
        best, rows = tf.math.top_k(scores, answer_width(k, tf.shape(scores)[1]))
        return rows, hidden_beyond(best, k)


def where_text(by_text: tf.Tensor, with_text: Callable[[], tf.Tensor], without: Callable[[], tf.Tensor]) -> tf.Tensor:
    """One tensor or another, by whether there are inner products of texts, [..., V], or none, [..., 0]."""
    columns = by_text.shape[-1]
    # A graph of a known shape would refuse the branch that it never takes.
    if columns is not None:
        return with_text() if columns else without()
    return tf.cond(tf.shape(by_text)[-1] > 0, with_text, without)


def answer_width(k: tf.Tensor, items: tf.Tensor) -> tf.Tensor:
    """Columns of an answer: as many as the largest k of the batch, and no more than there are items."""
    largest = tf.reduce_max(tf.concat([tf.reshape(k, [-1]), [0]], axis=0))
    return tf.minimum(largest, items)


def hidden_beyond(scores: tf.Tensor, k: tf.Tensor) -> tf.Tensor:
    """Scores [B, K] with `HIDDEN` behind the k-th of each request."""
    asked = tf.range(tf.shape(scores)[1])[tf.newaxis, :] < tf.reshape(k, [-1, 1])
    return tf.where(asked, scores, HIDDEN)
