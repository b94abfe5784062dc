"""The features that the ranker sees of a user and a candidate; one graph for training and serving."""

import tensorflow as tf

from trainer.item_store import ItemStore
from trainer.neighbour_scores import NeighbourScores
from trainer.quantisation.vector_tables import rows_of
from trainer.query_side import QuerySide, decays, decays_in_days, neighbour_weights
from trainer.repeat_features import RepeatFeatures

_CATEGORY_TAU = 64.0
_CATEGORY_DAYS = 60.0
_LEAST_SCORE = 1e-3


class CrossFeatures(tf.Module):
    """Repeat, category, text, price and popularity features of candidates, given what came before.

    `names` lists the features in order. Those of repeats are explained in `RepeatFeatures`. A category's "share" is the
    share of the user's events in the candidate's category of that level, each weighted exp(-events ago / 64), and its
    "count" log(1 + sum of exp(-days ago / 60)). "neighbours" is the log of what the items of the history say about the
    candidate (`NeighbourScores`), weighted by events ago and by days ago. "lexical" is the candidate's score for the
    words of the query over the best score of any item, and "lexical_score" log(1 + the score itself). "search" is the
    candidate's place between the worst and the best item by words and meaning together, in [0, 1].
    """

    def __init__(
        self,
        store: ItemStore,
        neighbours: NeighbourScores,
        objective_types: tf.Tensor,
        objectives: tuple[str, ...],
    ) -> None:
        """Take the item store and what the objectives mean.

        Args:
            store: Features of the items.
            neighbours: Scores of items by their neighbours.
            objective_types: 1 where an event type (row of its vocabulary) belongs to an objective, float32 [types, O].
            objectives: Names of the O objectives.
        """
        super().__init__(name="cross_features")
        self.store, self.neighbours = store, neighbours
        self.repeats = RepeatFeatures(objective_types, objectives)
        levels = store.categories.shape[1]
        self.names = (
            *self.repeats.names,
            *(f"category_{level}_{kind}" for level in range(1, levels + 1) for kind in ("share", "count")),
            "neighbours_by_events",
            "neighbours_by_days",
            "preference",
            "query_text",
            "lexical",
            "lexical_score",
            "search",
            "has_query",
            "history_text",
            *store.NUMBERS,
            "price_against_history",
            "history_length",
            "days_since_any",
        )

    def __call__(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        """Features of each candidate.

        Args:
            query: B requests.
            rows: Catalogue rows, int32 [B, N]; row V is the unknown item.

        Returns:
            float32 [B, N, F] in the order of `names`.
        """
        per_user = tf.stack([query.has_text, tf.math.log1p(_history_length(query)), _days_since_any(query)], axis=1)
        per_user = tf.repeat(per_user[:, tf.newaxis, :], tf.shape(rows)[1], axis=1)
        numbers = tf.gather(self.store.numbers, rows)
        parts = [
            self.repeats(query, rows, tf.gather(self.store.intervals, rows)),
            self._categories(query, rows),
            self._neighbours(query, rows),
            self._similarities(query, rows, per_user[:, :, :1]),
            numbers,
            self._price_difference(query, rows),
            per_user[:, :, 1:],
        ]
        return tf.concat(parts, axis=2)

    def _categories(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        weight = decays(query.steps, (_CATEGORY_TAU,))
        weight = weight / (tf.reduce_sum(weight, axis=1, keepdims=True) + 1e-9)
        by_days = decays_in_days(query, (_CATEGORY_DAYS,))
        of_history = tf.gather(self.store.categories, tf.maximum(query.history, 0))
        of_candidate = tf.gather(self.store.categories, rows)
        features = []
        for level, size in enumerate(self.store.category_sizes):

            def sums(weights: tf.Tensor, level: int = level, size: int = size) -> tf.Tensor:
                """Summed weights of the events in each candidate's category; padding weighs nothing."""
                table = tf.raw_ops.DenseBincount(input=of_history[:, :, level], size=size, weights=weights[:, :, 0])
                return tf.gather(table, of_candidate[:, :, level], batch_dims=1)

            features += [sums(weight), tf.math.log1p(sums(by_days))]
        return tf.stack(features, axis=2)

    def _neighbours(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        # The unknown item has no neighbours, and is nobody's.
        known = tf.where(rows < self.store.item_count, rows, -1)
        scores = [self.neighbours.of(query.history, weights, known) for weights in neighbour_weights(query)]
        return tf.stack([tf.math.log(tf.maximum(score, 0.0) + _LEAST_SCORE) for score in scores], axis=2)

    def _similarities(self, query: QuerySide, rows: tf.Tensor, has_text: tf.Tensor) -> tf.Tensor:
        texts = rows_of(self.store.texts, rows)
        preference = tf.matmul(rows_of(self.store.preferences, rows), query.preference[:, :, tf.newaxis])
        weight = decays(query.steps, (_CATEGORY_TAU,))
        past = tf.reduce_sum(rows_of(self.store.texts, tf.maximum(query.history, 0)) * weight, axis=1)
        by_text = tf.matmul(texts, tf.stack([query.text, tf.math.l2_normalize(past, axis=1)], axis=2))
        query_text, history_text = tf.split(by_text, 2, axis=2)
        return tf.concat([preference, query_text, *_searched(query, rows), has_text, history_text], axis=2)

    def _price_difference(self, query: QuerySide, rows: tf.Tensor) -> tf.Tensor:
        """Scaled price of the candidate minus the mean of the history; 0 where either is unknown."""
        past = tf.maximum(query.history, 0)
        known = self.store.column("price_known", past) * tf.cast(query.history >= 0, tf.float32)
        count = tf.reduce_sum(known, axis=1, keepdims=True)
        mean = tf.reduce_sum(self.store.column("price", past) * known, axis=1, keepdims=True) / tf.maximum(count, 1.0)
        usable = self.store.column("price_known", rows) * tf.cast(count > 0, tf.float32)
        return ((self.store.column("price", rows) - mean) * usable)[:, :, tf.newaxis]


def _searched(query: QuerySide, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Lexical score, relative and absolute, and search score of candidates, float32 [B, N, 1]; 0 without a query."""
    nothing = tf.zeros(tf.concat([tf.shape(rows), [1]], axis=0))
    return tf.cond(query.any_query, lambda: _placed(query, rows), lambda: (nothing, nothing, nothing))


def _placed(query: QuerySide, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    lexical, search = (tf.gather(scores, rows, batch_dims=1) for scores in (query.lexical, query.search))
    best, highest = (tf.reduce_max(scores, axis=1, keepdims=True) for scores in (query.lexical, query.search))
    lowest = tf.reduce_min(query.search, axis=1, keepdims=True)
    relative = tf.math.divide_no_nan(lexical, best)
    place = tf.math.divide_no_nan(search - lowest, highest - lowest)
    return relative[:, :, tf.newaxis], tf.math.log1p(lexical)[:, :, tf.newaxis], place[:, :, tf.newaxis]


def _days_since_any(query: QuerySide) -> tf.Tensor:
    """log(1 + days) since the latest event, 0 without one; float32 [B]."""
    known = query.history >= 0
    latest = tf.reduce_min(tf.where(known, query.ages, tf.float32.max), axis=1)
    return tf.where(tf.reduce_any(known, axis=1), tf.math.log1p(latest), 0.0)


def _history_length(query: QuerySide) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(query.history >= 0, tf.float32), axis=1)
