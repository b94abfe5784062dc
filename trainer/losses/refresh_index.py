"""Recomputes the index of hard negatives between epochs."""

import keras
import numpy as np
from keras import ops

from trainer.losses.candidates import Embed
from trainer.losses.hard_negatives import HardNegatives
from trainer.losses.negative_source import require_positive


class RefreshIndex(keras.callbacks.Callback):
    """Embeds the whole catalogue before an epoch and gives it to a `HardNegatives`.

    The first epochs go without: what an untrained model ranks highest is noise.

    Args:
        negatives: The source whose index is refreshed.
        embed: Gives the vectors of catalogue rows as a model uses them outside training.
        first_epoch: The first epoch with hard negatives, counted from 0.
        batch_size: Rows embedded at a time.

    Raises:
        ValueError: `batch_size` is below 1, or `first_epoch` below 0.
    """

    def __init__(self, negatives: HardNegatives, embed: Embed, first_epoch: int = 1, batch_size: int = 4096) -> None:
        super().__init__()
        if first_epoch < 0:
            raise ValueError(f"first_epoch must be at least 0, got {first_epoch}")
        self.negatives, self.embed, self.first_epoch = negatives, embed, first_epoch
        self.batch_size = require_positive("batch_size", batch_size)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Refresh, once the first epochs are over."""
        if epoch < self.first_epoch:
            return
        rows = np.arange(self.negatives.item_count, dtype=np.int32)
        parts = np.split(rows, range(self.batch_size, len(rows), self.batch_size))
        self.negatives.refresh(ops.concatenate([ops.cast(self.embed(part), "float32") for part in parts]))
