"""What is known of the one who asks: rows of user and history, and the two blocks of the query vector."""

from typing import NamedTuple

import tensorflow as tf

from trainer.history_runs import HistoryRuns

_NEIGHBOUR_TAU = 64.0
_NEIGHBOUR_DAYS = 90.0


class QuerySide(NamedTuple):
    """B requests; H is the length of the history that the model looks at.

    Attributes:
        users: Rows of the user vocabulary, the row after the last for a stranger, int64 [B].
        history: Catalogue rows, oldest first, -1 pads at the end, int32 [B, H].
        event_types: Rows of the event type vocabulary, -1 pads, int32 [B, H].
        ages: Days from each event to the request; anything for padding, float32 [B, H].
        preference: Unit preference vectors of the query tower, float32 [B, D].
        text: Unit text vectors of the query, zeros without one, float32 [B, T].
        lexical: BM25 of the query's words for each row of the catalogue, zeros without a query, float32 [B, V + 1];
            [B, 0], like the next two, where no request of the batch has a query.
        cosines: The same of its meaning, float32 [B, V + 1].
        search: The same by words and meaning together, only comparable within a query, float32 [B, V + 1].
    """

    users: tf.Tensor
    history: tf.Tensor
    event_types: tf.Tensor
    ages: tf.Tensor
    preference: tf.Tensor
    text: tf.Tensor
    lexical: tf.Tensor
    cosines: tf.Tensor
    search: tf.Tensor

    @property
    def has_text(self) -> tf.Tensor:
        """1 where there is a query text, float32 [B]."""
        return tf.cast(tf.reduce_any(tf.not_equal(self.text, 0.0), axis=1), tf.float32)

    @property
    def any_query(self) -> tf.Tensor:
        """Whether some request of the batch has words or a meaning to search for, bool []; else what the query says of
        the items is all zeros, and not worth a look."""
        return tf.reduce_any(tf.not_equal(self.text, 0.0))

    @property
    def steps(self) -> tf.Tensor:
        """How many events ago, 1 for the latest, float32 [B, H]; 0 for padding."""
        valid = self.history >= 0
        count = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1, keepdims=True)
        ago = count - tf.range(tf.shape(self.history)[1])[tf.newaxis, :]
        return tf.cast(tf.where(valid, ago, 0), tf.float32)

    def blocks(self, text_share: float) -> tuple[tf.Tensor, tf.Tensor]:
        """Preference and text block of the unit query vector, float32 [B, D] and [B, T].

        Args:
            text_share: Squared share of the text where there is one.
        """
        share = (self.has_text * text_share)[:, tf.newaxis]
        return tf.sqrt(1.0 - share) * self.preference, tf.sqrt(share) * self.text


def neighbour_weights(query: QuerySide) -> tuple[tf.Tensor, tf.Tensor]:
    """What each event counts where neighbours are asked: by events ago and by days ago, float32 [B, H] each.

    The events of one item count 1 together at most: what is bought every day does not drown the rest.
    """
    by_age = [decays(query.steps, (_NEIGHBOUR_TAU,)), decays_in_days(query, (_NEIGHBOUR_DAYS,))]
    weights = tf.concat(by_age, axis=2)
    runs = HistoryRuns.of(query.history)
    of_item = runs.of_events(runs.sums(weights))
    by_events, by_days = tf.unstack(weights / tf.maximum(of_item, 1.0), axis=2)
    return by_events, by_days


def decays_in_days(query: QuerySide, taus: tuple[float, ...]) -> tf.Tensor:
    """exp(-days ago / tau) for each tau, 0 for padding; float32 [B, H, K]."""
    weights = tf.exp(-query.ages[:, :, tf.newaxis] / tf.constant(taus))
    return tf.where((query.history >= 0)[:, :, tf.newaxis], weights, 0.0)


def decays(steps: tf.Tensor, taus: tuple[float, ...]) -> tf.Tensor:
    """exp(-(steps - 1) / tau) for each tau, 0 for padding; float32 [B, H] to [B, H, K]."""
    weights = tf.exp(-(steps[:, :, tf.newaxis] - 1.0) / tf.constant(taus))
    return tf.where(steps[:, :, tf.newaxis] > 0, weights, 0.0)
