"""The events of a history by their item, without a comparison of every event with every other."""

from typing import NamedTuple

import tensorflow as tf


class HistoryRuns(NamedTuple):
    """Events of one item are one run; H events and up to H runs in each of B histories.

    A history is sorted once, and all that is asked about its items costs a search in it: B H log H, not B H^2.

    Attributes:
        items: Item of every event, ascending, int32 [B, H].
        of_event: Number of the run that each event belongs to, int32 [B, H]: where its item begins in `items`.
    """

    items: tf.Tensor
    of_event: tf.Tensor

    @classmethod
    def of(cls, history: tf.Tensor) -> "HistoryRuns":
        """The runs of catalogue rows, int32 [B, H]; -1 pads are a run of their own."""
        items = tf.sort(history, axis=1)
        return cls(items, tf.searchsorted(items, history))

    def sums(self, values: tf.Tensor) -> tf.Tensor:
        """Sum over the events of each run; [B, H, K] to [B, runs = H, K], 0 where there is no such run."""
        return self._by_run(tf.math.unsorted_segment_sum, values)

    def largest(self, values: tf.Tensor) -> tf.Tensor:
        """Largest value of each run; [B, H, K] to [B, runs = H, K], the dtype's lowest where there is no such run."""
        return self._by_run(tf.math.unsorted_segment_max, values)

    def of_events(self, of_runs: tf.Tensor) -> tf.Tensor:
        """What belongs to the run of each event, [B, runs, K] to [B, H, K]."""
        return tf.gather(of_runs, self.of_event, batch_dims=1)

    def find(self, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The runs of some items.

        Args:
            rows: Catalogue rows, int32 [B, N].

        Returns:
            Number of the run, anything where there is none, int32 [B, N]; and whether there is one, bool [B, N].
        """
        places = tf.minimum(tf.searchsorted(self.items, rows), tf.shape(self.items)[1] - 1)
        return places, tf.equal(tf.gather(self.items, places, batch_dims=1), rows)

    def _by_run(self, reduce: "tf.types.experimental.GenericFunction", values: tf.Tensor) -> tf.Tensor:
        histories, length = tf.unstack(tf.shape(self.of_event))
        first = (tf.range(histories) * length)[:, tf.newaxis]
        return tf.reshape(reduce(values, self.of_event + first, histories * length), tf.shape(values))
