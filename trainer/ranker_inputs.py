"""What the ranker is asked with: features, and the vectors behind them where it attends to the history."""

from typing import TypedDict

import numpy as np
import tensorflow as tf

from trainer.item_store import ItemStore
from trainer.quantisation.vector_tables import VectorTable, rows_of
from trainer.query_side import QuerySide


class RankerInputs(TypedDict, total=False):
    """B requests with N candidates each; only `features` is always there.

    Attributes:
        features: Cross features, float32 [B, N, F].
        candidates: Vectors of the candidates, float32 [B, N, P].
        events: Vectors of the items of the latest events, float32 [B, L, P].
        ages: Days from each of these events to the request, -1 for padding, float32 [B, L].
        positions: Slot that each candidate was shown in, -1 where it was in none, int32 [B, N]. Only in training.
    """

    features: tf.Tensor
    candidates: tf.Tensor
    events: tf.Tensor
    ages: tf.Tensor
    positions: tf.Tensor


def ranker_inputs(
    store: ItemStore, features: tf.Tensor, rows: tf.Tensor, asked: QuerySide, attended_events: int
) -> RankerInputs:
    """What a ranker is asked with when it serves.

    Args:
        store: Vectors of the items.
        features: Cross features of the candidates, float32 [B, N, F].
        rows: Their catalogue rows, int32 [B, N].
        asked: B requests.
        attended_events: Latest events that the ranker attends to, L; 0 for none.
    """
    if not attended_events:
        return {"features": features}
    history, ages = latest_events(asked.history, asked.ages, attended_events)
    candidates = item_vectors(store.preferences, store.texts, rows)
    return {
        "features": features,
        "candidates": candidates,
        "events": item_vectors(store.preferences, store.texts, tf.maximum(history, 0)),
        "ages": ages,
    }


def item_vectors(
    preferences: VectorTable | tf.Tensor | np.ndarray, texts: VectorTable | tf.Tensor | np.ndarray, rows: tf.Tensor
) -> tf.Tensor:
    """Preference and text vector of items side by side, float32 [V + 1, D] and [V + 1, T], int32 [...] to [..., P]."""
    return tf.concat([rows_of(preferences, rows), rows_of(texts, rows)], axis=-1)


def latest_events(history: tf.Tensor, ages: tf.Tensor, length: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The latest events of each request, oldest first.

    Args:
        history: Catalogue rows, oldest first, -1 pads at the end, int32 [B, H].
        ages: Days from each event to the request, float32 [B, H].
        length: Events to keep, L.

    Returns:
        Rows and ages, -1 for padding in both, int32 and float32 [B, min(L, H)].
    """
    kept = tf.minimum(length, tf.shape(history)[1])
    count = tf.reduce_sum(tf.cast(history >= 0, tf.int32), axis=1, keepdims=True)
    places = tf.maximum(count - kept, 0) + tf.range(kept)[tf.newaxis, :]
    rows = tf.gather(history, places, batch_dims=1)
    # Not below 0: an age of -1 says that there is no event.
    known = tf.maximum(tf.gather(ages, places, batch_dims=1), 0.0)
    return rows, tf.where(rows >= 0, known, -1.0)
