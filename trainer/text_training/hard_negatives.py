"""Wrong answers that look right: documents that BM25 or the encoder itself ranks high for a query."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from trainer.lexical.lexical_index import LexicalIndex
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_training.search_pairs import Answers, Texts

NONE = -1
"""Stands for a candidate that there is not."""
_QUERIES_AT_ONCE = 256

Scores = Callable[[int, int], np.ndarray]
"""Scores of the queries from one number up to another against all documents, float32 [B, D]."""


def lexical_scores(queries: Texts, documents: Sequence[str], index: LexicalIndex | None = None) -> Scores:
    """BM25 of queries [N] with documents [D], of which an index may be there already."""
    index = LexicalIndex(documents) if index is None else index
    encoded = [query.encode(errors="replace") for query in queries]

    def scores(first: int, last: int) -> np.ndarray:
        return index.scores(tf.constant(encoded[first:last], tf.string)).numpy()

    return scores


def encoder_scores(encoder: TextEncoder, queries: Texts, document_vectors: np.ndarray) -> Scores:
    """Cosines of queries [N] with documents that were encoded before, unit length [D, dimension]."""
    query_vectors = encode_texts(encoder, list(queries))
    return lambda first, last: query_vectors[first:last] @ document_vectors.T


def hard_candidates(scores: Scores, answers: Answers, depth: int, skipped: int = 0) -> np.ndarray:
    """The documents that rank highest for each pair's query and do not answer it.

    Args:
        scores: Of the queries of all N pairs.
        answers: What answers the queries.
        depth: Ranks that are looked at.
        skipped: First ranks to leave out.

    Returns:
        Rows of documents, best first, int64 [N, depth - skipped]; `NONE` in the place of an answer, and of a document
        whose score is not above 0.
    """
    count, size = len(answers.query_numbers), len(answers.text_numbers)
    depth = min(depth, size)
    rows = np.full((count, max(depth - skipped, 0)), NONE, np.int64)
    for first in range(0, count, _QUERIES_AT_ONCE):
        last = min(first + _QUERIES_AT_ONCE, count)
        block = scores(first, last)
        best = np.argpartition(-block, depth - 1, axis=1)[:, :depth]
        values = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, skipped:]
        best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
        is_wrong = (values > 0) & ~answers.of_pairs(np.arange(first, last)[:, np.newaxis], best)
        rows[first:last] = np.where(is_wrong, best, NONE)
    return rows


def draw_negatives(candidates: np.ndarray, count: int, documents: int, random: np.random.Generator) -> np.ndarray:
    """Draw some of each pair's candidates without replacement; where there are too few, any documents.

    Args:
        candidates: What `hard_candidates` gives, int64 [N, K].
        count: How many to draw for each pair.
        documents: D.
        random: Source of the draw.

    Returns:
        Rows of documents, int64 [N, count]. A document that was drawn to fill up may answer the query.
    """
    drawn = random.integers(0, documents, (len(candidates), count))
    keys = np.where(candidates == NONE, 2.0, random.random(candidates.shape))
    chosen = np.take_along_axis(candidates, np.argsort(keys, axis=1)[:, :count], axis=1)
    drawn[:, : chosen.shape[1]] = np.where(chosen == NONE, drawn[:, : chosen.shape[1]], chosen)
    return drawn
