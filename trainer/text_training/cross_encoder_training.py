"""Training of a cross-encoder on pairs of query and document."""

import time
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from trainer.listwise_loss import listwise_softmax
from trainer.progress import report_progress
from trainer.text_training.cross_encoder import CrossEncoder
from trainer.text_training.cross_encoder_settings import CrossEncoderSettings
from trainer.text_training.hard_negatives import Scores, draw_negatives, hard_candidates, lexical_scores
from trainer.text_training.search_batches import batch_count, shuffled_batches
from trainer.text_training.search_evaluation import mean_reciprocal_rank
from trainer.text_training.search_history import SearchEpoch, SearchHistory, keep_best
from trainer.text_training.search_pairs import Answers, SearchPairs, Texts
from trainer.text_training.search_training import Progress
from trainer.text_training.text_optimizer import GroupedOptimizer

_QUERIES_AT_ONCE = 8
_BATCHES_OF_A_POOL = 16
_TOKENS = ("token_ids", "padding_mask", "segment_ids")


def train_cross_encoder(
    model: CrossEncoder,
    documents: Sequence[str],
    pairs: SearchPairs,
    settings: CrossEncoderSettings,
    validation: SearchPairs | None = None,
    progress: Progress = report_progress,
) -> SearchHistory:
    """Train a cross-encoder in place by a softmax over each query's answer and its hard negatives.

    The loss is that of Gao et al. 2021, "Rethink Training of BERT Rerankers in Multi-Stage Retrieval Pipeline",
    equation 4, which is `listwise_softmax` with one chosen candidate. The weights of the epoch with the best held-out
    MRR@10 are kept, where the cross-encoder orders the documents that BM25 ranks first; the start, whose linear layer
    is random, counts for nothing.

    Args:
        model: With an encoder in the mode `lora` or `full`, or only the linear layer trains.
        documents: Texts that queries are answered from, [D].
        pairs: What answers which query.
        settings: All that decides the training.
        validation: Held-out pairs; None holds out `settings.validation_share` of the queries.
        progress: Called with what is done, batches done, batches altogether and a line to show.

    Returns:
        The history; `start_mrr` is that of BM25 alone.

    Raises:
        ValueError: There are no pairs, or one names a document that is not there.
    """
    return _CrossEncoderTraining(model, documents, pairs, settings, validation, progress).run()


class _CrossEncoderTraining:
    """The state of one call of `train_cross_encoder`."""

    def __init__(
        self,
        model: CrossEncoder,
        documents: Sequence[str],
        pairs: SearchPairs,
        settings: CrossEncoderSettings,
        validation: SearchPairs | None,
        progress: Progress,
    ) -> None:
        if not len(pairs):
            raise ValueError("no pairs of query and document to train on")
        keras.utils.set_random_seed(settings.seed)
        self._random = np.random.default_rng(settings.seed)
        self._model, self._settings, self._progress = model, settings, progress
        self._documents = np.array(documents, dtype=object)
        self._pairs = pairs.limited(settings.maximum_pairs, self._random)
        if validation is None:
            self._pairs, validation = self._pairs.split(settings.validation_share, self._random)
        self._held_out = validation
        self._answers = Answers(self._pairs, documents)
        batches = batch_count(len(self._pairs), settings.batch_queries)
        self._steps, self._done = min(batches * settings.epochs, settings.maximum_steps), 0
        self._step = CrossEncoderStep(model, settings, self._steps)

    def run(self) -> SearchHistory:
        history = SearchHistory(len(self._pairs), len(self._held_out))
        lexical = lexical_scores(self._pairs.queries, self._documents.tolist())
        candidates = hard_candidates(lexical, self._answers, self._settings.negative_depth)
        first_stage = None
        if len(self._held_out):
            first_stage = lexical_scores(self._held_out.queries, self._documents.tolist())
            history.start_mrr = mean_reciprocal_rank(first_stage, self._held_out)
        keep_best(
            self._model,
            history,
            lambda number: self._epoch(number, candidates, first_stage),
            lambda: self._done == self._steps,
            self._settings.patience,
        )
        return history

    def _epoch(self, number: int, candidates: np.ndarray, first_stage: Scores | None) -> SearchEpoch:
        started, losses = time.monotonic(), []
        settings = self._settings
        negatives = draw_negatives(candidates, settings.negatives, len(self._documents), self._random)
        rows = np.concatenate([self._pairs.documents[:, np.newaxis], negatives], axis=1)
        lengths = np.array([max(len(text) for text in self._documents[row]) for row in rows])
        for batch in shuffled_batches(lengths, settings.batch_queries, _BATCHES_OF_A_POOL, self._random):
            is_answer = self._answers.of_pairs(batch[:, np.newaxis], rows[batch])
            losses.append(self._step(self._pairs.queries[batch], self._documents[rows[batch]], is_answer))
            self._done += 1
            line = f"training the cross-encoder, epoch {number}, loss {losses[-1]:.4f}"
            self._progress("training the cross-encoder", self._done, self._steps, line)
            if self._done == self._steps:
                break
        mrr = None if first_stage is None else self._measure(first_stage)
        return SearchEpoch(number, len(losses), float(np.mean(losses)), mrr, time.monotonic() - started)

    def _measure(self, first_stage: Scores) -> float:
        scores = reranked_scores(
            self._model, self._held_out.queries, self._documents, first_stage, self._settings.reranked
        )
        return mean_reciprocal_rank(scores, self._held_out)


class CrossEncoderStep:
    """Trains a cross-encoder on one batch after another."""

    def __init__(self, model: CrossEncoder, settings: CrossEncoderSettings, steps: int) -> None:
        """Build optimizers and function.

        Args:
            model: What is trained.
            settings: Rates, lengths and XLA.
            steps: Batches altogether, which the course of the rate is made for.
        """
        self._model, self._lengths = model, [*settings.lengths, model.encoder.max_tokens]
        self._optimizer = GroupedOptimizer(model, model.encoder.backbone, settings, steps)
        tokens = {name: tf.TensorSpec([None, None], tf.int32) for name in _TOKENS}
        self._function = tf.function(
            self._update,
            [tokens, tf.TensorSpec([None, None], tf.float32)],
            jit_compile=settings.jit_compile,
            autograph=False,
        )

    def __call__(self, queries: np.ndarray, documents: np.ndarray, is_answer: np.ndarray) -> float:
        """Train on a batch.

        Args:
            queries: str [B].
            documents: The answer, then the wrong answers, str [B, N].
            is_answer: Whether a document answers its query, bool [B, N]; one that does so behind the first place is
                left out.

        Returns:
            The loss before the update.
        """
        tokens = self._model.tokenize(tf.constant(_encoded(queries)), tf.constant(_encoded(documents)))
        labels = np.where(is_answer, -1.0, 0.0)
        labels[:, 0] = 1.0
        return float(self._function(_padded(tokens, self._lengths), tf.constant(labels, tf.float32)))

    def _update(self, tokens: dict[str, tf.Tensor], labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = tf.reshape(self._model(tokens, training=True), tf.shape(labels))
            loss = tf.reduce_mean(listwise_softmax(labels[:, :, tf.newaxis], logits[:, :, tf.newaxis]))
        self._optimizer.minimize(loss, tape)
        return loss


def reranked_scores(
    model: CrossEncoder, queries: Texts, documents: np.ndarray, first_stage: Scores, count: int
) -> Scores:
    """Scores of a first stage whose best documents a cross-encoder has put in a new order.

    Args:
        model: The cross-encoder.
        queries: Of the first stage, str [N].
        documents: Texts, str [D].
        first_stage: Scores of those queries.
        count: Documents of a query that are put in a new order; they stay before all others.
    """
    texts = np.array(queries, dtype=object)

    def scores(first: int, last: int) -> np.ndarray:
        block = np.array(first_stage(first, last), np.float32)
        best = np.argsort(-block, axis=1, kind="stable")[:, :count]
        top = block.max(axis=1, keepdims=True)
        for start in range(0, last - first, _QUERIES_AT_ONCE):
            here = slice(start, start + _QUERIES_AT_ONCE)
            logits = model.scores(texts[first:last][here], documents[best[here]])
            # Above the first stage's best, whatever the scale of either.
            lifted = top[here] + 1.0 + 1.0 / (1.0 + np.exp(-logits))
            np.put_along_axis(block[here], best[here], lifted, axis=1)
        return block

    return scores


def _encoded(texts: np.ndarray) -> np.ndarray:
    flat = [text.encode(errors="replace") for text in texts.reshape(-1)]
    return np.array(flat, dtype=object).reshape(texts.shape)


def _padded(tokens: dict[str, tf.Tensor], lengths: Sequence[int]) -> dict[str, tf.Tensor]:
    """The tokens padded to the shortest of some lengths that holds them."""
    now = tokens["token_ids"].shape[1]
    missing = min(length for length in lengths if length >= now) - now
    return {name: tf.pad(tokens[name], [[0, 0], [0, missing]]) for name in _TOKENS}
