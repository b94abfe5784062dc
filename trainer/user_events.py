"""Transformed examples of users as ragged arrays, for the steps that want all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from trainer import features

SECONDS_A_DAY = 24 * 3600

SPEC = {
    features.USER_ID: tf.io.FixedLenFeature([], tf.int64),
    **{
        name: tf.io.RaggedFeature(tf.int64, row_splits_dtype=tf.int64)
        for name in (
            features.ITEM_IDS,
            features.EVENT_TYPES,
            features.TIMESTAMPS,
            features.BASKETS,
            features.IS_TARGET,
        )
    },
}
"""How a transformed user example is parsed."""


@dataclass(frozen=True)
class UserEvents:
    """Events of E examples, P positions in all.

    Attributes:
        users: Row of the user of each example, int64 [E].
        offsets: Where each example starts, and the end, int64 [E + 1].
        items: Row of the item at each position, int64 [P].
        event_types: Row of the event type, int64 [P].
        timestamps: Epoch seconds, int64 [P].
        is_target: Whether the event is to be predicted, bool [P].
    """

    users: np.ndarray
    offsets: np.ndarray
    items: np.ndarray
    event_types: np.ndarray
    timestamps: np.ndarray
    is_target: np.ndarray

    def __len__(self) -> int:
        return len(self.users)

    @property
    def owners(self) -> np.ndarray:
        """Example of each position, int64 [P]."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


def read_user_events(files: Sequence[str]) -> UserEvents:
    """Read transformed user examples from TFRecord files (gzip) or patterns of them."""
    dataset = tf.data.TFRecordDataset(tf.io.matching_files(files), compression_type="GZIP").batch(1024)
    batches = [tf.io.parse_example(batch, SPEC) for batch in dataset]
    flat = {
        name: np.concatenate([batch[name].flat_values.numpy() for batch in batches] or [np.zeros(0, np.int64)])
        for name in SPEC
        if name != features.USER_ID
    }
    lengths = [batch[features.ITEM_IDS].row_lengths().numpy() for batch in batches]
    return UserEvents(
        users=np.concatenate([batch[features.USER_ID].numpy() for batch in batches] or [np.zeros(0, np.int64)]),
        offsets=np.concatenate([[0], np.cumsum(np.concatenate(lengths or [np.zeros(0, np.int64)]))]),
        items=flat[features.ITEM_IDS],
        event_types=flat[features.EVENT_TYPES],
        timestamps=flat[features.TIMESTAMPS],
        is_target=flat[features.IS_TARGET] == 1,
    )


def ages_at(times: np.ndarray, events: UserEvents) -> np.ndarray:
    """How long ago each event was, in days; float32 [P].

    Args:
        times: The moment of each example from which it is seen, epoch seconds, [E].
        events: The examples.
    """
    seconds = np.maximum(times[events.owners] - events.timestamps, 0)
    return (seconds / SECONDS_A_DAY).astype(np.float32)


def last_events(rows: np.ndarray, events: UserEvents, length: int, padding: int = -1) -> np.ndarray:
    """The last history positions of each example as a table.

    Args:
        rows: Values at each position, whole numbers or not, [P].
        events: The examples; only positions with `is_target == 0` are history.
        length: Columns.
        padding: Value after the last event.

    Returns:
        int32 or float32 [E, length], oldest first, padded at the end.
    """
    owners, history = events.owners, ~events.is_target
    counts = np.bincount(owners[history], minlength=len(events))
    ends = np.cumsum(counts)
    rank = np.arange(history.sum()) - np.repeat(ends - counts, counts)
    kept = rank - np.maximum(np.repeat(counts, counts) - length, 0)
    table = np.full((len(events), length), padding, np.float32 if rows.dtype.kind == "f" else np.int32)
    table[owners[history][kept >= 0], kept[kept >= 0]] = rows[history][kept >= 0]
    return table
