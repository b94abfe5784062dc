"""One step of the fine-tuning after another, to be timed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from trainer.text_encoder import TextEncoder
from trainer.text_training.padded_tokens import PaddedTokens
from trainer.text_training.search_batches import SearchBatch, SearchBatches
from trainer.text_training.search_pairs import Answers, SearchPairs
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_step import SearchStep


def search_steps(
    encoder: TextEncoder, documents: Sequence[str], pairs: SearchPairs, settings: SearchTrainingSettings
) -> Callable[[], float]:
    """A function that trains on one batch at each call, with random documents in the place of hard negatives.

    The first calls trace the step, or compile it; equal seeds give equal batches.

    Args:
        encoder: Its precision decides that of the step; it changes.
        documents: Texts, [D].
        pairs: At least `settings.batch_pairs` of them, so that all batches are of one size.
        settings: Lengths, batch, loss and XLA; `plain_settings` gives what to compare with.

    Returns:
        The function, which gives the loss.

    Raises:
        ValueError: There are too few pairs.
    """
    size = settings.batch_pairs
    if len(pairs) < size:
        raise ValueError(f"{len(pairs)} pairs do not fill a batch of {size}")
    random = np.random.default_rng(settings.seed)
    batches = SearchBatches(
        pairs,
        Answers(pairs, documents),
        PaddedTokens.of(encoder, pairs.queries, settings.query_lengths),
        PaddedTokens.of(encoder, documents, settings.document_lengths),
        settings,
    )
    step = SearchStep(encoder, settings, settings.maximum_steps, len(documents))
    waiting: Iterator[SearchBatch] = iter(())

    def next_step() -> float:
        nonlocal waiting
        batch = next(waiting, None)
        if batch is None:
            negatives = random.integers(0, len(documents), (len(pairs), settings.hard_negatives))
            waiting = batches.epoch(negatives, size, settings.length_pool, random)
            batch = next(waiting)
        return step(batch)

    return next_step


def plain_settings(settings: SearchTrainingSettings, tokens: int = 128) -> SearchTrainingSettings:
    """The same training with every text padded to one length and without XLA, for a float32 encoder."""
    return replace(settings, query_lengths=(tokens,), document_lengths=(tokens,), length_pool=1, jit_compile=False)
