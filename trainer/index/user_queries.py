"""Query vectors of the users of a shop, to choose the parameters of an index by."""

import numpy as np
import tensorflow as tf

from trainer.query_encoder import QueryEncoder
from trainer.search_index import SearchScores
from trainer.user_store import UserStore

_MOST, _BATCH = 512, 128


def user_queries(encoder: QueryEncoder, users: UserStore, seed: int = 0) -> np.ndarray:
    """Preference vectors of users who have a history, as if they came back now.

    Args:
        encoder: Holds the query tower.
        users: What the users did.
        seed: Of the choice of 512 users, where there are more.

    Returns:
        float32 [Q, D], at most 512 rows.
    """
    known = np.flatnonzero((users.items >= 0).any(axis=1))
    chosen = np.sort(np.random.default_rng(seed).permutation(known)[:_MOST])
    parts = [_preferences(encoder, users, chosen[start : start + _BATCH]) for start in range(0, len(chosen), _BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _preferences(encoder: QueryEncoder, users: UserStore, rows: np.ndarray) -> np.ndarray:
    nothing = tf.zeros([len(rows), 0])
    side = encoder.encode(
        tf.constant(rows, tf.int64),
        tf.constant(users.items[rows]),
        tf.constant(users.event_types[rows]),
        tf.constant(users.ages[rows]),
        nothing,
        SearchScores(nothing, nothing, nothing),
    )
    return side.preference.numpy()
