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

    def scores(self, preference: tf.Tensor, text: tf.Tensor) -> tf.Tensor:
        """Inner products with all items.

        Args:
            preference: Preference block of the queries, float32 [B, D].
            text: Text block of the queries, float32 [B, T]; zeros where there is no text.

        Returns:
            float32 [B, V].
        """
        by_preference = tf.matmul(preference, self.preferences, transpose_b=True)
        any_text = tf.reduce_any(tf.not_equal(text, 0.0))
        by_text = tf.cond(
            any_text, lambda: tf.matmul(text, self.texts, transpose_b=True), lambda: tf.zeros_like(by_preference)
        )
        return (by_preference + by_text) * tf.constant(0.5**0.5)

    def search(
        self, preference: tf.Tensor, text: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best allowed items of each query.

        Args:
            preference: As in `scores`.
            text: As in `scores`.
            allowed: Which items may be returned, bool [B, V].
            k: Items wanted, scalar int32.

        Returns:
            Rows int32 and scores float32, [B, min(k, V)], best first; a score of `HIDDEN` marks a slot that no
            allowed item could fill.
        """
        scores = tf.where(allowed, self.scores(preference, text), HIDDEN)
        best, rows = tf.math.top_k(scores, tf.minimum(k, tf.shape(scores)[1]))
        return rows, best
