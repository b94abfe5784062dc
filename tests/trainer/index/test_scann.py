import numpy as np
import tensorflow as tf

from tests.trainer.index.conftest import ITEMS, Shop
from trainer.index.scann import ScannIndex


class Searcher:
    """Stands in for ScaNN, which is not installed: the best of the first half of the catalogue."""

    def __init__(self, vectors: tf.Variable) -> None:
        self._vectors = vectors

    def search_batched(self, queries: tf.Tensor, final_num_neighbors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        scores = tf.matmul(queries, self._vectors[: ITEMS // 2], transpose_b=True)
        best, rows = tf.math.top_k(scores, final_num_neighbors)
        return tf.cast(rows, tf.uint32), best


def test_masks_and_falls_back(clustered: Shop) -> None:
    index = ScannIndex(clustered.exact, Searcher(clustered.preferences))
    queries, nothing = tf.constant(clustered.queries), tf.zeros([64, 0])
    first_half = np.tile(np.arange(ITEMS) < ITEMS // 2, (64, 1))
    for allowed in (first_half, ~first_half):
        rows, scores = index.search(queries, nothing, tf.constant(allowed), tf.constant(10))
        exact_rows, exact_scores = clustered.exact.search(queries, nothing, tf.constant(allowed), tf.constant(10))
        np.testing.assert_array_equal(rows, exact_rows)
        np.testing.assert_allclose(scores, exact_scores, atol=1e-5)
