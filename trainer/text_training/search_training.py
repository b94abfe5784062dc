"""Fine-tuning of a text encoder for search."""

import time
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np

from trainer.lexical.lexical_index import LexicalIndex
from trainer.progress import report_progress
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_training.hard_negatives import (
    draw_negatives,
    encoder_scores,
    hard_candidates,
    lexical_scores,
)
from trainer.text_training.inverse_cloze import inverse_cloze_pairs
from trainer.text_training.padded_tokens import PaddedTokens
from trainer.text_training.search_batches import SearchBatch, SearchBatches, batch_count
from trainer.text_training.search_evaluation import mean_reciprocal_rank, scaled_sum
from trainer.text_training.search_history import SearchEpoch, SearchHistory, keep_best
from trainer.text_training.search_pairs import Answers, SearchPairs, joined
from trainer.text_training.search_settings import SearchTrainingSettings
from trainer.text_training.search_step import SearchStep

Teacher = Callable[[Sequence[str], np.ndarray], np.ndarray]
"""Queries [B] and their documents, str [B, N], to logits, float32 [B, N]; such as `CrossEncoder.scores`."""

Progress = Callable[[str, int, int | None, str], None]
"""Called with what is done, units done, units altogether and a line to show."""


def train_search(
    encoder: TextEncoder,
    documents: Sequence[str],
    pairs: SearchPairs,
    settings: SearchTrainingSettings,
    validation: SearchPairs | None = None,
    teacher: Teacher | None = None,
    progress: Progress = report_progress,
) -> SearchHistory:
    """Fine-tune an encoder in place; the weights of the epoch with the best held-out MRR@10 are kept.

    The start counts as epoch 0: an encoder that training only makes worse stays as it was. With nothing held out the
    weights of the last epoch are kept. An encoder in the mode `lora` or `head` trains only what is new.

    Args:
        encoder: In a mode that has something to train.
        documents: Texts that queries are answered from, [D].
        pairs: What answers which query.
        settings: All that decides the training.
        validation: Held-out pairs over the same documents; None holds out `settings.validation_share` of the queries.
        teacher: Scores of a cross-encoder to distil; None for none.
        progress: Called with what is done, batches done, batches altogether and a line to show.

    Raises:
        ValueError: There are no pairs, one names a document that is not there, or the encoder has nothing to train.
    """
    return _SearchTraining(encoder, documents, pairs, settings, validation, teacher, progress).run()


class _SearchTraining:
    """The state of one call of `train_search`."""

    def __init__(
        self,
        encoder: TextEncoder,
        documents: Sequence[str],
        pairs: SearchPairs,
        settings: SearchTrainingSettings,
        validation: SearchPairs | None,
        teacher: Teacher | None,
        progress: Progress,
    ) -> None:
        if not len(pairs):
            raise ValueError("no pairs of query and document to fine-tune on")
        keras.utils.set_random_seed(settings.seed)
        self._random = np.random.default_rng(settings.seed)
        self._encoder, self._documents, self._settings = encoder, list(documents), settings
        self._teacher, self._progress = teacher, progress
        limited = pairs.limited(settings.maximum_pairs, self._random)
        if validation is None:
            limited, validation = limited.split(settings.validation_share, self._random)
        self._pairs, self._held_out = limited, validation
        # The held-out answers are unknown to training: not even as what is no wrong answer.
        self._answers = Answers(limited, self._documents)
        self._document_tokens = PaddedTokens.of(encoder, self._documents, settings.document_lengths)
        has_neighbours = settings.neighbour_group > 1
        examples = len(np.unique(limited.documents)) if has_neighbours else len(limited) + settings.inverse_cloze_pairs
        batches = batch_count(examples, settings.batch_pairs)
        self._steps = min(batches * settings.epochs, settings.maximum_steps)
        self._step = SearchStep(encoder, settings, self._steps, len(self._documents))
        self._done = 0
        self._vectors: tuple[int, np.ndarray] | None = None
        self._start_vectors = self._document_vectors() if has_neighbours else None
        is_lexical = settings.lexical_negatives or settings.lexical_share or settings.judged_by == "with_bm25"
        self._index = LexicalIndex(self._documents) if is_lexical else None

    def run(self) -> SearchHistory:
        history = SearchHistory(len(self._pairs), len(self._held_out))
        history.start_mrr = history.best_mrr = self._measure()
        lexical = self._lexical_candidates()
        keep_best(
            self._encoder,
            history,
            lambda number: self._epoch(number, lexical),
            lambda: self._done == self._steps,
            self._settings.patience,
        )
        return history

    def _epoch(self, number: int, lexical: np.ndarray | None) -> SearchEpoch:
        started, losses = time.monotonic(), []
        pairs, negatives = self._epoch_pairs(lexical)
        lexical_of = self._lexical_of(pairs)
        if self._settings.memory:
            self._step.remember(self._document_vectors())
        for batch in self._batches(pairs, negatives):
            losses.append(self._step(batch, self._teach(batch, pairs), lexical_of(batch)))
            self._done += 1
            line = f"fine-tuning for search, epoch {number}, loss {losses[-1]:.4f}"
            self._progress("fine-tuning for search", self._done, self._steps, line)
            if self._done == self._steps:
                break
        mrr = self._measure()
        return SearchEpoch(number, len(losses), float(np.mean(losses)), mrr, time.monotonic() - started)

    def _epoch_pairs(self, lexical: np.ndarray | None) -> tuple[SearchPairs, np.ndarray]:
        """The pairs of an epoch, synthetic ones included, and their hard negatives."""
        settings, size = self._settings, len(self._documents)
        parts = [np.zeros((len(self._pairs), 0), np.int64)]
        if lexical is not None:
            parts.append(draw_negatives(lexical, settings.lexical_negatives, size, self._random))
        if settings.encoder_negatives:
            scores = encoder_scores(self._encoder, self._pairs.queries, self._document_vectors())
            candidates = hard_candidates(scores, self._answers, settings.negative_depth, settings.skipped_ranks)
            parts.append(draw_negatives(candidates, settings.encoder_negatives, size, self._random))
        negatives = np.concatenate(parts, axis=1)
        if not settings.inverse_cloze_pairs:
            return self._pairs, negatives
        synthetic = inverse_cloze_pairs(self._documents, settings.inverse_cloze_pairs, self._random)
        others = self._random.integers(0, size, (len(synthetic), negatives.shape[1]))
        return joined([self._pairs, synthetic]), np.concatenate([negatives, others])

    def _batches(self, pairs: SearchPairs, negatives: np.ndarray) -> Iterator[SearchBatch]:
        settings = self._settings
        answers = self._answers if pairs is self._pairs else Answers(pairs, self._documents)
        queries = PaddedTokens.of(self._encoder, pairs.queries, settings.query_lengths)
        batches = SearchBatches(pairs, answers, queries, self._document_tokens, settings)
        return batches.epoch(negatives, settings.batch_pairs, settings.length_pool, self._random, self._start_vectors)

    def _teach(self, batch: SearchBatch, pairs: SearchPairs) -> np.ndarray | None:
        if self._teacher is None or not self._settings.hard_negatives:
            return None
        count = len(batch.pairs)
        own, negatives = batch.document_rows[:count, np.newaxis], batch.document_rows[count:].reshape(count, -1)
        texts = np.array(self._documents, dtype=object)[np.concatenate([own, negatives], axis=1)]
        return self._teacher(pairs.queries[batch.pairs], texts)

    def _lexical_of(self, pairs: SearchPairs) -> Callable[[SearchBatch], np.ndarray | None]:
        """BM25 of a batch's queries with all documents, where the loss asks for it."""
        if not self._settings.lexical_share:
            return lambda batch: None
        return lambda batch: lexical_scores(pairs.queries[batch.pairs], self._documents, self._index)(
            0, len(batch.pairs)
        )

    def _lexical_candidates(self) -> np.ndarray | None:
        settings = self._settings
        if not settings.lexical_negatives:
            return None
        scores = lexical_scores(self._pairs.queries, self._documents, self._index)
        return hard_candidates(scores, self._answers, settings.negative_depth, settings.skipped_ranks)

    def _measure(self) -> float | None:
        if not len(self._held_out):
            return None
        scores = encoder_scores(self._encoder, self._held_out.queries, self._document_vectors())
        if self._settings.judged_by == "with_bm25":
            scores = scaled_sum(scores, lexical_scores(self._held_out.queries, self._documents, self._index))
        return mean_reciprocal_rank(scores, self._held_out)

    def _document_vectors(self) -> np.ndarray:
        """All documents, encoded once for each state of the encoder."""
        if self._vectors is None or self._vectors[0] != self._done:
            self._vectors = (self._done, encode_texts(self._encoder, self._documents))
        return self._vectors[1]
