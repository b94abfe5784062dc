"""Scores from the strongest neighbours of a history's items, in core TensorFlow ops for the servable."""

import numpy as np
import tensorflow as tf

from trainer.item_to_item.neighbours import Neighbours


class NeighbourScores(tf.Module):
    """The score of item i: the sum over the positions j of the history of weight(j) * neighbours[j, i].

    What `trainer.item_to_item.history_scores` gives with `Neighbours.matrix`, up to the order of the sums. A position
    costs the M neighbours of its item, and a request K numbers for the items that have or are neighbours, however large
    the catalogue is.
    """

    def __init__(self, neighbours: Neighbours) -> None:
        """Take the M neighbours of each of V items."""
        super().__init__(name="neighbour_scores")
        self.item_count = len(neighbours.rows)
        # Most items of a large catalogue have no neighbours and are nobody's: scores are laid out for the K others.
        known = np.union1d(np.flatnonzero((neighbours.rows >= 0).any(axis=1)), neighbours.rows[neighbours.rows >= 0])
        self.count = len(known)
        places = np.full(self.item_count + 1, self.count, np.int32)
        places[known] = np.arange(self.count)
        # Place K stands for every other item and for pads; bincount skips it.
        rows = places[np.where(neighbours.rows[known] < 0, self.item_count, neighbours.rows[known])]
        rows = np.pad(rows, ((0, 1), (0, 0)), constant_values=self.count).astype(np.int32)
        weights = np.pad(neighbours.weights[known], ((0, 1), (0, 0))).astype(np.float32)
        self.places = tf.Variable(places, trainable=False, name="places")
        self.items = tf.Variable(known.astype(np.int32), trainable=False, name="items")
        self.rows = tf.Variable(rows, trainable=False, name="rows")
        self.weights = tf.Variable(weights, trainable=False, name="weights")

    def known(self, history: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Scores of the K items that have neighbours or are some, in the order of `items`.

        Args:
            history: Item rows, int32 [B, H]; -1 pads anywhere.
            weights: Weight of each position, float32 [B, H].

        Returns:
            float32 [B, K]; 0 where nothing in the history knows an item.
        """
        places = tf.gather(self.places, tf.where(history < 0, self.item_count, history))
        shape = tf.stack([tf.shape(history)[0], tf.shape(history)[1] * self.rows.shape[1]])
        gains = tf.reshape(tf.gather(self.weights, places) * weights[:, :, tf.newaxis], shape)
        rows = tf.reshape(tf.gather(self.rows, places), shape)
        # Over each request a pass from left to right, so that the sums do not depend on the number of threads.
        return tf.raw_ops.DenseBincount(input=rows, size=self.count, weights=gains, binary_output=False)

    def dense(self, history: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        """Scores of the whole catalogue, with the arguments of `known`; float32 [B, V], 0 for unknown items."""
        return self._at(self.known(history, weights), self.places[tf.newaxis, : self.item_count])

    def of(self, history: tf.Tensor, weights: tf.Tensor, candidates: tf.Tensor) -> tf.Tensor:
        """Scores of some candidates.

        Args:
            history: As for `known`.
            weights: As for `known`.
            candidates: Item rows, int32 [B, N]; -1 pads anywhere.

        Returns:
            float32 [B, N]; 0 for pads.
        """
        places = tf.gather(self.places, tf.where(candidates < 0, self.item_count, candidates))
        return self._at(self.known(history, weights), places)

    def top(
        self, history: tf.Tensor, weights: tf.Tensor, allowed: tf.Tensor | None, k: tf.Tensor | int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The allowed items with the largest scores; of equals the lower row comes first.

        Args:
            history: As for `known`.
            weights: As for `known`.
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

    def _at(self, scores: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Scores of the places [B or 1, N], 0 for place K; float32 [B, N]."""
        padded = tf.pad(scores, [[0, 0], [0, 1]])
        repeated = tf.broadcast_to(places, [tf.shape(scores)[0], tf.shape(places)[1]])
        return tf.gather(padded, repeated, batch_dims=1)
