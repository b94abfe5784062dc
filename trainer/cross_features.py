"""The features that the ranker sees of a user and a candidate; one graph for training and serving."""

import tensorflow as tf

from trainer.item_store import ItemStore
from trainer.query_side import QuerySide, decays

_TAUS = (8.0, 32.0, 128.0, 1e9)
_CATEGORY_TAU = 64.0


class CrossFeatures(tf.Module):
    """Repeat, category, text, price and popularity features of candidates, given what came before.

    `names` lists the features in order. A "count" is log(1 + sum of weights) over the user's events with this item,
    each weighted exp(-events ago / tau); a category's "share" is the weighted share of the user's events in the
    candidate's category of that level.
    """

    def __init__(self, store: ItemStore, objective_types: tf.Tensor, objectives: tuple[str, ...]) -> None:
        """Take the item store and what the objectives mean.

        Args:
            store: Features of the items.
            objective_types: 1 where an event type (row of its vocabulary) belongs to an objective, float32 [types, O].
            objectives: Names of the O objectives.
        """
        super().__init__(name="cross_features")
        self.store = store
        self.objective_types = tf.constant(objective_types, tf.float32)
        levels = store.categories.shape[1]
        self.names = (
            *(f"count_tau_{tau:g}" for tau in _TAUS),
            *(f"count_{objective}" for objective in objectives),
            *(f"category_{level}_share" for level in range(1, levels + 1)),
            "preference",
            "query_text",
            "has_query",
            "history_text",
            *store.NUMBERS,
            "price_against_history",
            "history_length",
        )

    def __call__(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        """Features of each candidate.

        Args:
            query: B requests.
            rows: Catalogue rows, int32 [B, N]; row V is the unknown item.

        Returns:
            float32 [B, N, F] in the order of `names`.
        """
        per_user = tf.stack([query.has_text, tf.math.log1p(_history_length(query))], axis=1)
        per_user = tf.repeat(per_user[:, tf.newaxis, :], tf.shape(rows)[1], axis=1)
        numbers = tf.gather(self.store.numbers, rows)
        parts = [
            self._counts(query, rows),
            self._category_shares(query, rows),
            self._similarities(query, rows, per_user[:, :, :1]),
            numbers,
            self._price_difference(query, rows),
            per_user[:, :, 1:],
        ]
        return tf.concat(parts, axis=2)

    def _counts(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        of_objective = tf.gather(self.objective_types, tf.maximum(query.event_types, 0))
        by_age = decays(query.steps, _TAUS)
        weights = tf.concat([by_age, of_objective * by_age[:, :, -1:]], axis=2)
        same = rows[:, :, tf.newaxis] == query.history[:, tf.newaxis, :]
        return tf.math.log1p(tf.matmul(tf.cast(same, tf.float32), weights))

    def _category_shares(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        weight = decays(query.steps, (_CATEGORY_TAU,))
        weight = weight / (tf.reduce_sum(weight, axis=1, keepdims=True) + 1e-9)
        of_history = tf.gather(self.store.categories, tf.maximum(query.history, 0))
        of_candidate = tf.gather(self.store.categories, rows)
        shares = []
        for level in range(self.store.categories.shape[1]):
            same = of_candidate[:, :, tf.newaxis, level] == of_history[:, tf.newaxis, :, level]
            shares.append(tf.matmul(tf.cast(same, tf.float32), weight))
        return tf.concat(shares, axis=2)

    def _similarities(self, query: QuerySide, rows: tf.Tensor, has_text: tf.Tensor) -> tf.Tensor:
        texts = tf.gather(self.store.texts, rows)
        preference = tf.matmul(tf.gather(self.store.preferences, rows), query.preference[:, :, tf.newaxis])
        query_text = tf.matmul(texts, query.text[:, :, tf.newaxis])
        weight = decays(query.steps, (_CATEGORY_TAU,))
        past = tf.reduce_sum(tf.gather(self.store.texts, tf.maximum(query.history, 0)) * weight, axis=1)
        history_text = tf.matmul(texts, tf.math.l2_normalize(past, axis=1)[:, :, tf.newaxis])
        return tf.concat([preference, query_text, has_text, history_text], axis=2)

    def _price_difference(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        """Scaled price of the candidate minus the mean of the history; 0 where either is unknown."""
        past = tf.maximum(query.history, 0)
        known = self.store.column("price_known", past) * tf.cast(query.history >= 0, tf.float32)
        count = tf.reduce_sum(known, axis=1, keepdims=True)
        mean = tf.reduce_sum(self.store.column("price", past) * known, axis=1, keepdims=True) / tf.maximum(count, 1.0)
        usable = self.store.column("price_known", rows) * tf.cast(count > 0, tf.float32)
        return ((self.store.column("price", rows) - mean) * usable)[:, :, tf.newaxis]


def _history_length(query: QuerySide) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(query.history >= 0, tf.float32), axis=1)
