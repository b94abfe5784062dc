"""The optional last stage of a search: the first candidates are read together with the query."""

from collections.abc import Sequence

import tensorflow as tf

from trainer.index.exact import HIDDEN
from trainer.quantisation.held_variables import HeldVariables, Untracked
from trainer.text_training.cross_encoder import CrossEncoder


class Reranker(tf.Module):
    """Orders the best candidates of a search by a cross-encoder.

    The utilities of the first N candidates are handed out anew: the largest goes to the candidate that the
    cross-encoder scores highest, and so on. So the scores of a slate stay utilities, and what the exploration head
    sees of them keeps its scale. A request without a query costs nothing.
    """

    def __init__(self, cross_encoder: CrossEncoder, documents: Sequence[str], top: int) -> None:
        """Take the model and what it reads.

        Args:
            cross_encoder: The trained model.
            documents: Texts of the R catalogue rows.
            top: Candidates that are read, N.
        """
        super().__init__(name="reranker")
        self._model, self._top = Untracked(cross_encoder), top
        self.variables_of_cross_encoder = HeldVariables(cross_encoder.tf_variables(), "variables_of_cross_encoder")
        self._tokenizer = cross_encoder.encoder.tokenize
        self._documents = tf.Variable(
            [text.encode() for text in documents], trainable=False, dtype=tf.string, name="documents"
        )

    def utility(self, queries: tf.Tensor, rows: tf.Tensor, utility: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
        """Utilities with those of the first candidates handed out anew.

        Args:
            queries: string [B], '' for none.
            rows: Catalogue rows of the candidates, int32 [B, C].
            utility: float32 [B, C].
            valid: Which candidates count, bool [B, C].

        Returns:
            float32 [B, C].
        """
        asked = tf.where(tf.not_equal(tf.strings.strip(queries), ""))[:, 0]

        def reordered() -> tf.Tensor:
            parts = (tf.gather(values, asked) for values in (queries, rows, utility, valid))
            return tf.tensor_scatter_nd_update(utility, asked[:, tf.newaxis], self._reordered(*parts))

        return tf.cond(tf.size(asked) > 0, reordered, lambda: utility)

    def _reordered(self, queries: tf.Tensor, rows: tf.Tensor, utility: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
        count = tf.minimum(self._top, tf.shape(rows)[1])
        best, places = tf.math.top_k(tf.where(valid, utility, HIDDEN), count)
        read = best > HIDDEN / 2
        texts = tf.where(read, tf.gather(self._documents, tf.gather(rows, places, batch_dims=1)), "")
        order = tf.argsort(
            tf.where(read, self._model.model.score(queries, texts), HIDDEN), axis=1, direction="DESCENDING", stable=True
        )
        moved = tf.gather(places, order, batch_dims=1)
        owners = tf.broadcast_to(tf.range(tf.shape(rows)[0])[:, tf.newaxis], tf.shape(moved))
        handed_out = tf.gather(utility, places, batch_dims=1)
        return tf.tensor_scatter_nd_update(utility, tf.stack([owners, moved], axis=2), handed_out)
