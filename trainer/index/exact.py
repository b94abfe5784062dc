"""Exact maximum inner product search over preference and text vectors."""

import tensorflow as tf

HIDDEN = -1e9
"""Score of an item that may not be shown."""


class ExactIndex(tf.Module):
    """Scores every item of the catalogue.

    The vector of an item is [preference / sqrt 2, text / sqrt 2] and that of a query [sqrt(1 - s) preference,
    sqrt(s) text] with the text's share s, 0 for a query without text; both have length 1. The two blocks are kept
    apart so that a request without text does not read the text block.
    """

    def __init__(self, preferences: tf.Variable, texts: tf.Variable) -> None:
        """Take the vectors of V items: unit preference vectors [V, D] and unit text vectors [V, T], float32.

        The variables are shared, not copied.
        """
        super().__init__(name="exact_index")
        self.preferences, self.texts = preferences, texts

    def by_text(self, text: tf.Tensor) -> tf.Tensor:
        """Inner products of the text blocks with those of all items; nothing is read where no query has a text.

        Args:
            text: Text block of the queries, float32 [B, T]; zeros where there is no text.

        Returns:
            float32 [B, V].
        """
        shape = tf.stack([tf.shape(text)[0], tf.shape(self.texts)[0]])
        any_text = tf.reduce_any(tf.not_equal(text, 0.0))
        return tf.cond(
            any_text, lambda: tf.matmul(text, self.texts, transpose_b=True), lambda: tf.zeros(shape, text.dtype)
        )

    def scores(self, preference: tf.Tensor, by_text: tf.Tensor) -> tf.Tensor:
        """Inner products with all items.

        Args:
            preference: Preference block of the queries, float32 [B, D].
            by_text: What `by_text` gives for their text block, float32 [B, V].

        Returns:
            float32 [B, V].
        """
        by_preference = tf.matmul(preference, self.preferences, transpose_b=True)
        return (by_preference + by_text) * tf.constant(0.5**0.5)

    def search(
        self, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best allowed items of each query.

        Args:
            preference: As in `scores`.
            by_text: As in `scores`.
            allowed: Which items may be returned, bool [B, V].
            k: Items wanted, scalar int32.

        Returns:
            Rows int32 and scores float32, [B, min(k, V)], best first; a score of `HIDDEN` marks a slot that no
            allowed item could fill.
        """
        scores = tf.where(allowed, self.scores(preference, by_text), HIDDEN)
        best, rows = tf.math.top_k(scores, tf.minimum(k, tf.shape(scores)[1]))
        return rows, best
