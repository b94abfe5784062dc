"""Scores from the strongest neighbours of a history's items, in core TensorFlow ops for the servable."""

import numpy as np
import tensorflow as tf

from trainer.item_to_item.neighbours import Neighbours


class NeighbourScores(tf.Module):
    """The score of item i: the sum over the positions j of the history of weight(j) * neighbours[j, i].

    What `trainer.item_to_item.history_scores` gives with `Neighbours.matrix`, up to the order of the sums. A position
    costs the M neighbours of its item, however large the catalogue is.
    """

    def __init__(self, neighbours: Neighbours) -> None:
        """Take the M neighbours of each of V items."""
        super().__init__(name="neighbour_scores")
        self.item_count, self.width = neighbours.rows.shape
        # Most items of a large catalogue have none: only the others get a row of the table, and the last one is empty.
        known = np.flatnonzero((neighbours.rows >= 0).any(axis=1))
        places = np.full(self.item_count + 1, len(known), np.int32)
        places[known] = np.arange(len(known))
        # Item V stands for the pads of a row: bincount skips it.
        rows = np.where(neighbours.rows[known] < 0, self.item_count, neighbours.rows[known])
        rows = np.pad(rows, ((0, 1), (0, 0)), constant_values=self.item_count).astype(np.int32)
        weights = np.pad(neighbours.weights[known], ((0, 1), (0, 0))).astype(np.float32)
        self.places = tf.Variable(places, trainable=False, name="places")
        self.rows = tf.Variable(rows, trainable=False, name="rows")
        self.weights = tf.Variable(weights, trainable=False, name="weights")

    def dense(self, history: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Scores of the whole catalogue.

        Args:
            history: Item rows, int32 [B, H]; -1 pads anywhere.
            weights: Weight of each position, float32 [B, H].

        Returns:
            float32 [B, V]; 0 where nothing in the history knows an item.
        """
        rows, gains = self._evidence(history, weights)
        return self._sums(rows, gains)

    def of(self, history: tf.Tensor, weights: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Scores of some candidates.

        Sums a few requests at a time (those that `tf.map_fn` runs in parallel), each over H * M + V numbers, where
        `dense` holds B times that. The V scores of a request stay in the cache, and are found faster there than by a
        search or a hash table.

        Args:
            history: As for `dense`.
            weights: As for `dense`.
            candidates: Item rows, int32 [B, N]; -1 pads anywhere.

        Returns:
            float32 [B, N]; 0 for pads.
        """
        known = tf.maximum(candidates, 0)

        def one_request(request: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> tf.Tensor:
            rows, gains = self._evidence(request[0][tf.newaxis], request[1][tf.newaxis])
            return tf.gather(self._sums(rows, gains)[0], request[2])

        scores = tf.map_fn(one_request, (history, weights, known), fn_output_signature=tf.float32)
        return tf.where(candidates < 0, 0.0, scores)

    def top(
        self, history: tf.Tensor, weights: tf.Tensor, allowed: tf.Tensor | None, k: tf.Tensor | int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The allowed items with the largest scores; of equals the lower row comes first.

        Args:
            history: As for `dense`.
            weights: As for `dense`.
            allowed: Which items may be returned, bool [B, V]; None for all.
            k: Items wanted, scalar int32.

        Returns:
            Rows int32 and scores float32, [B, min(k, V)], best first; row -1 and score -inf where no allowed item is
            left. Items of score 0, of which the history says nothing, come before those of negative scores.
        """
        scores = self.dense(history, weights)
        if allowed is not None:
            scores = tf.where(allowed, scores, -np.inf)
        best, rows = tf.math.top_k(scores, tf.minimum(k, self.item_count))
        return tf.where(tf.math.is_inf(best), -1, rows), best

    def _evidence(self, history: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Item rows and gains of all neighbours of a history, int32 and float32 [B, H * M]; V pads."""
        shape = tf.stack([tf.shape(history)[0], tf.shape(history)[1] * self.width])
        # The place of item V, that of the pads, is the empty row.
        known = tf.gather(self.places, tf.where(history < 0, self.item_count, history))
        gains = tf.gather(self.weights, known) * weights[:, :, tf.newaxis]
        return tf.reshape(tf.gather(self.rows, known), shape), tf.reshape(gains, shape)

    def _sums(self, rows: tf.Tensor, gains: tf.Tensor) -> tf.Tensor:
        """The sum of the gains of each item, float32 [B, V]; pads are skipped."""
        # Over each request a pass from left to right, so that the sums do not depend on the number of threads.
        return tf.raw_ops.DenseBincount(input=rows, size=self.item_count, weights=gains, binary_output=False)
