"""Why an item is offered: its source, the features that count, the history items near to it, the matching words."""

from collections.abc import Callable
from functools import partial

import tensorflow as tf

from trainer.candidates import SOURCES, Candidates
from trainer.item_store import ItemStore
from trainer.quantisation.vector_tables import rows_of
from trainer.query_side import QuerySide
from trainer.retrieval_graph import RetrievalGraph

FEATURE_COUNT = 5
"""Features that an explanation names."""

SIMILAR_COUNT = 3
"""Items of the history that an explanation names."""

Utility = Callable[[tf.Tensor], tf.Tensor]
"""Features float32 [B, N, F] to utility float32 [B, N]."""

UtilityOfItems = Callable[[QuerySide, tf.Tensor, tf.Tensor], tf.Tensor]
"""Requests, catalogue rows int32 [B, N] and their features to utility float32 [B, N]."""


class Explainer(tf.Module):
    """Explains given items to those who ask, over the same graph that recommends them."""

    def __init__(self, retrieval: RetrievalGraph, utility: UtilityOfItems, item_ids: tf.Variable) -> None:
        """Take the parts.

        Args:
            retrieval: Candidates, features and item store.
            utility: The ranker, from items and their features to the weighted sum of the objectives.
            item_ids: The shop's ids by catalogue row, '' for the unknown item, string [V + 1].
        """
        super().__init__(name="explainer")
        self._retrieval, self._utility, self._item_ids = retrieval, utility, item_ids

    def explain(self, asked: QuerySide, queries: tf.Tensor, rows: tf.Tensor) -> dict[str, tf.Tensor]:
        """Explain items.

        Args:
            asked: B requests.
            queries: Their texts, string [B].
            rows: Catalogue rows of the items, int32 [B, N]; -1 pads, V is the unknown item.

        Returns:
            By name, where M is `FEATURE_COUNT` or `SIMILAR_COUNT`, and '' and 0 fill what is not there:
            sources string [B, N], which source of `CandidateUnion` brings the item to this request;
            utility float32 [B, N];
            feature_names string, feature_values and feature_contributions float32 [B, N, M], see `occlusion`, the
            strongest first;
            similar_history_item_ids string and similar_history_scores float32 [B, N, M], see `similar_history`;
            matching_words string [B, N], the words of the query that the item has;
            times_chosen int32 and days_since_chosen float32 [B, N], the item's events in the history.
        """
        given = rows >= 0
        everything = self._retrieval.allowed_without(rows[:, :0])
        candidates = self._retrieval.candidates.collect(asked, everything)
        known = tf.where(given, rows, self._retrieval.store.item_count)
        features = self._retrieval.features(asked, known)
        usual = usual_features(self._retrieval.features(asked, candidates.rows), candidates.valid)
        utility = partial(self._utility, asked, known)
        contributions = occlusion(utility, features, usual) * tf.cast(given, tf.float32)[:, :, tf.newaxis]
        similar, scores = similar_history(self._retrieval.store, asked.history, known)
        times, days = _own_events(asked, rows)
        return {
            "sources": sources_of(candidates, rows),
            "utility": utility(features) * tf.cast(given, tf.float32),
            **_strongest(self._retrieval.features.names, features, contributions),
            "similar_history_item_ids": tf.gather(self._item_ids, similar),
            "similar_history_scores": scores,
            "matching_words": tf.where(given, self._retrieval.lexical.matching_words(queries, known), ""),
            "times_chosen": times,
            "days_since_chosen": days,
        }


def sources_of(candidates: Candidates, rows: tf.Tensor) -> tf.Tensor:
    """Name of the source that brings each of `rows` to its request, '' where none does; int32 to string [B, N]."""
    same = (rows[:, :, tf.newaxis] == candidates.rows[:, tf.newaxis, :]) & candidates.valid[:, tf.newaxis, :]
    numbers = tf.where(same, candidates.sources[:, tf.newaxis, :], len(SOURCES))
    first = tf.minimum(tf.reduce_min(numbers, axis=2), len(SOURCES))
    return tf.gather(tf.constant([*SOURCES, ""]), first)


def usual_features(features: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
    """Mean features of the candidates that exist, float32 [B, C, F] and bool [B, C] to float32 [B, F]."""
    # From the first candidate on: what is equal in all of them has exactly that mean, and so contributes exactly 0.
    start = features[:, :1, :]
    weights = tf.cast(valid, tf.float32)
    total = tf.reduce_sum((features - start) * weights[:, :, tf.newaxis], axis=1)
    return start[:, 0, :] + tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=1, keepdims=True))


def occlusion(utility: Utility, features: tf.Tensor, usual: tf.Tensor) -> tf.Tensor:
    """What each feature contributes to the utility: how much falls away when it is as usual.

    A feature is hidden by what it is on average among all candidates of the same request, and the ranker asked again
    (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2, hides a part of an
    image the same way). The mean of the request's candidates answers "why this item and not another one": what is equal
    for all of them, such as the length of the history, contributes 0, which the mean of the training data would not
    give. It does not depend on which items are to be explained together. Contributions of a ranker that is not linear
    need not add up to the difference in utility. What the ranker sees of the history by attention is no feature, and
    stays as it is.

    Args:
        utility: The ranker.
        features: Of the items, float32 [B, N, F].
        usual: Mean of the candidates, float32 [B, F].

    Returns:
        float32 [B, N, F].
    """
    count = features.shape[2]
    with_all = utility(features)

    def of_feature(number: tf.Tensor) -> tf.Tensor:
        hidden = tf.range(count) == number
        return with_all - utility(tf.where(hidden, usual[:, tf.newaxis, :], features))

    # One feature after the other: all at once would take F times the memory of the features.
    contributions = tf.map_fn(of_feature, tf.range(count), fn_output_signature=tf.float32)
    return tf.transpose(contributions, [1, 2, 0])


def similar_history(store: ItemStore, history: tf.Tensor, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The items of the history that are nearest to each item, without the item itself.

    The score is the mean of the cosines of the preference vectors and of the text vectors; of the first alone where one
    of the two items has no text. Only scores above 0 count.

    Args:
        store: Vectors of the items.
        history: Catalogue rows, int32 [B, H]; -1 pads.
        rows: Catalogue rows, int32 [B, N]; V is the unknown item, which is near to nothing.

    Returns:
        Rows, int32 with V where there is no further item, and scores, float32 with 0 there; [B, N, SIMILAR_COUNT],
        the most similar first, of equals the older one first.
    """
    past = tf.where(history < 0, store.item_count, history)
    similar = _similarity(store, rows, past)
    own = rows[:, :, tf.newaxis] == past[:, tf.newaxis, :]
    usable = (_last_of_each(history) & (history >= 0))[:, tf.newaxis, :] & ~own
    usable = usable & (rows < store.item_count)[:, :, tf.newaxis] & (similar > 0)
    scores = tf.pad(tf.where(usable, similar, 0.0), [[0, 0], [0, 0], [0, SIMILAR_COUNT]])
    padded = tf.pad(past, [[0, 0], [0, SIMILAR_COUNT]])
    best, positions = tf.math.top_k(scores, SIMILAR_COUNT)
    of_request = tf.repeat(padded[:, tf.newaxis, :], tf.shape(rows)[1], axis=1)
    return tf.where(best > 0, tf.gather(of_request, positions, batch_dims=2), store.item_count), best


def _similarity(store: ItemStore, rows: tf.Tensor, past: tf.Tensor) -> tf.Tensor:
    """Similarity of items, int32 [B, N], and of those of the past, int32 [B, H]; float32 [B, N, H]."""
    tables = (store.preferences, store.texts)
    preference, text = (tf.matmul(rows_of(table, rows), rows_of(table, past), transpose_b=True) for table in tables)
    has_text, past_has_text = (tf.reduce_any(rows_of(store.texts, each) != 0.0, axis=2) for each in (rows, past))
    both = has_text[:, :, tf.newaxis] & past_has_text[:, tf.newaxis, :]
    return tf.where(both, (preference + text) / 2.0, preference)


def _last_of_each(history: tf.Tensor) -> tf.Tensor:
    """Whether an event is the last one with its item; bool [B, H]."""
    same = history[:, :, tf.newaxis] == history[:, tf.newaxis, :]
    later = tf.linalg.band_part(tf.ones_like(same), 0, -1) & ~tf.linalg.band_part(tf.ones_like(same), 0, 0)
    return ~tf.reduce_any(same & later, axis=2)


def _own_events(asked: QuerySide, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Number of the events with each item and days since the latest, 0 without one; int32 and float32 [B, N]."""
    same = (rows[:, :, tf.newaxis] == asked.history[:, tf.newaxis, :]) & (rows >= 0)[:, :, tf.newaxis]
    times = tf.reduce_sum(tf.cast(same, tf.int32), axis=2)
    latest = tf.reduce_min(tf.where(same, asked.ages[:, tf.newaxis, :], tf.float32.max), axis=2)
    return times, tf.where(times > 0, latest, 0.0)


def _strongest(names: tuple[str, ...], features: tf.Tensor, contributions: tf.Tensor) -> dict[str, tf.Tensor]:
    """Names, values and contributions of the features that contribute most, either way; [B, N, FEATURE_COUNT]."""
    missing = max(FEATURE_COUNT - len(names), 0)
    widen = [[0, 0], [0, 0], [0, missing]]
    features, contributions = tf.pad(features, widen), tf.pad(contributions, widen)
    _, numbers = tf.math.top_k(tf.abs(contributions), FEATURE_COUNT)
    best = tf.gather(contributions, numbers, batch_dims=2)
    counts = tf.not_equal(best, 0.0)
    return {
        "feature_names": tf.where(counts, tf.gather(tf.constant([*names, *[""] * missing]), numbers), ""),
        "feature_values": tf.where(counts, tf.gather(features, numbers, batch_dims=2), 0.0),
        "feature_contributions": best,
    }
