"""ScaNN behind the interface of our indexes, for those who build their own server.

ScaNN searches with custom ops, which the stock TensorFlow Serving image does not have: a SavedModel with this index
needs a server that was built with them. Nothing here is used unless it is called.
"""

from importlib import import_module
from typing import Any

import tensorflow as tf

from trainer.index.exact import HIDDEN, ExactIndex, answer_width, hidden_beyond

_MOST_READ = 4


class ScannIndex(ExactIndex):
    """Candidates by ScaNN, scored with their own vectors; an exact search where it brings too few allowed items."""

    def __init__(self, exact: ExactIndex, searcher: Any) -> None:
        """Take the parts.

        Args:
            exact: The index over the same items; its vectors are shared, not copied.
            searcher: What `scann.scann_ops.builder(...).build()` gives over the preference vectors, for inner products.
        """
        super().__init__(exact.preferences, exact.texts, name="scann_index")
        self.searcher = searcher

    def search(
        self, preference: tf.Tensor, by_text: tf.Tensor, allowed: tf.Tensor, k: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The best allowed items of each query; arguments and answer are those of `ExactIndex.search`."""
        width = answer_width(k, tf.shape(allowed)[1])
        read = tf.minimum(width * _MOST_READ, tf.shape(allowed)[1])
        rows, _ = self.searcher.search_batched(preference, final_num_neighbors=read)
        rows = tf.cast(rows, tf.int32)
        vectors = tf.gather(self.preferences, rows)
        scores = tf.linalg.matvec(vectors, preference) * tf.constant(0.5**0.5)
        scores = tf.where(tf.gather(allowed, rows, batch_dims=1), scores, HIDDEN)
        best, places = tf.math.top_k(scores, width)
        enough = tf.reduce_all(best > HIDDEN / 2) & tf.reduce_all(tf.equal(by_text, 0.0))
        exactly = super().search
        return tf.cond(
            enough,
            lambda: (tf.gather(rows, places, batch_dims=1), hidden_beyond(best, k)),
            lambda: exactly(preference, by_text, allowed, k),
        )


def build_scann(exact: ExactIndex, leaves: int, leaves_searched: int, rescored: int) -> ScannIndex:
    """Build ScaNN over the preference vectors of an index.

    Args:
        exact: The index over the same items.
        leaves: Parts of the catalogue.
        leaves_searched: Parts that a search reads.
        rescored: Items that ScaNN scores again by their own vectors.

    Raises:
        ImportError: ScaNN with its TensorFlow ops is not installed.
    """
    builder = import_module("scann").scann_ops.builder(exact.preferences, rescored, "dot_product")
    builder = builder.tree(leaves, leaves_searched).score_ah(2, anisotropic_quantization_threshold=0.2)
    return ScannIndex(exact, builder.reorder(rescored).build())
