"""Where pretraining takes its batches from: an endless stream to train on, and a fixed list to measure on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trainer.text_training.next_sentence import RowFormat
from trainer.text_training.pretraining_batches import Batch, BatchMaker
from trainer.text_training.pretraining_text import PretrainingText


@dataclass(frozen=True)
class BatchSource:
    """Batches of a shop's text.

    Attributes:
        train: What is trained on.
        held_out: What the perplexity is measured on.
        maker: Makes the batches.
        form: How rows are made.
        seed: Of all draws.
    """

    train: PretrainingText
    held_out: PretrainingText
    maker: BatchMaker
    form: RowFormat
    seed: int

    def training_batches(self) -> Iterator[Batch]:
        """Epoch after epoch without end; order, masks and second sentences are drawn anew in each."""
        random = np.random.default_rng((self.seed, 1))
        while True:
            yield from self.maker.batches(self.train.rows(self.form, random), random)

    def held_out_batches(self) -> list[Batch]:
        """The same at every call."""
        random = np.random.default_rng((self.seed, 2))
        return list(self.maker.batches(self.held_out.rows(self.form, random), random))

    def epoch_length(self) -> int:
        """Batches of an epoch; where second sentences are drawn, of one such epoch."""
        return self.maker.count(self.train.rows(self.form, np.random.default_rng((self.seed, 1))))
