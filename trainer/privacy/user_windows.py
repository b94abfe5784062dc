"""The training windows by user, and which of them a step sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from trainer import features


@dataclass(frozen=True, eq=False)
class UserWindows:
    """Windows of N users.

    Attributes:
        records: Transformed windows, serialised, those of one user side by side, string [W].
        offsets: Where the windows of each user start, and the end, int64 [N + 1].
    """

    records: np.ndarray
    offsets: np.ndarray

    @classmethod
    def read(cls, files: Sequence[str], known_users: int) -> "UserWindows":
        """Read windows.

        Args:
            files: TFRecord files (gzip) or patterns of them.
            known_users: Rows of the user vocabulary. Windows beyond, of users that the vocabulary left out, are
                dropped: they share one row, and nobody could say which of them belong together.
        """
        dataset = tf.data.TFRecordDataset(tf.io.matching_files(files), compression_type="GZIP").batch(1024)
        batches = [batch.numpy() for batch in dataset]
        records = np.concatenate([*batches, np.zeros(0, object)])
        users = np.concatenate([*(_users(batch) for batch in batches), np.zeros(0, np.int64)])
        order = np.argsort(users, kind="stable")
        order = order[users[order] < known_users]
        starts = np.flatnonzero(np.diff(users[order], prepend=-1))
        return cls(records[order], np.append(starts, len(order)))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def sample(self, rate: float, random: np.random.Generator) -> np.ndarray:
        """One step's windows by Poisson sampling: each user takes part or not, whatever the others do.

        A user with several windows takes part with one of them, drawn anew.

        Args:
            rate: Probability of taking part.
            random: Source of chance. The accounting holds only if nobody else can repeat its draws.

        Returns:
            Windows, at most one a user, string [n]; n is 0 at times.
        """
        chosen = np.flatnonzero(random.random(len(self)) < rate)
        counts = self.offsets[chosen + 1] - self.offsets[chosen]
        return self.records[self.offsets[chosen] + random.integers(counts)]


def _users(records: np.ndarray) -> np.ndarray:
    spec = {features.USER_ID: tf.io.FixedLenFeature([], tf.int64)}
    return tf.io.parse_example(records, spec)[features.USER_ID].numpy()
