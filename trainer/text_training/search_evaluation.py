"""How high a ranking of all documents puts the one that answers."""

import numpy as np

from trainer.text_training.hard_negatives import Scores
from trainer.text_training.search_pairs import SearchPairs, number_queries

_QUERIES_AT_ONCE = 256


def mean_reciprocal_rank(scores: Scores, pairs: SearchPairs, depth: int = 10) -> float:
    """MRR at a depth: the mean over the distinct queries of 1 / rank of the first answer, 0 below the depth.

    Documents of equal score rank in the order of their rows.

    Args:
        scores: Of the queries of all pairs against all documents.
        pairs: What answers them.
        depth: Ranks that count.

    Raises:
        ValueError: There are no pairs.
    """
    if not len(pairs):
        raise ValueError("no held-out pairs to measure the mean reciprocal rank on")
    ranks = np.concatenate(
        [
            _ranks(scores(first, min(first + _QUERIES_AT_ONCE, len(pairs))), pairs.documents[first:][:_QUERIES_AT_ONCE])
            for first in range(0, len(pairs), _QUERIES_AT_ONCE)
        ]
    )
    numbers, count = number_queries(pairs.queries)
    best = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(best, numbers, ranks)
    return float(np.mean(np.where(best <= depth, 1.0 / best, 0.0)))


def scaled_sum(first: Scores, second: Scores) -> Scores:
    """Sum of two scores, each of them scaled to 0 to 1 for every query; one that is equal everywhere counts nothing."""

    def scaled(scores: np.ndarray) -> np.ndarray:
        low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
        return (scores - low) / np.where(high > low, high - low, 1.0)

    return lambda start, end: scaled(first(start, end)) + scaled(second(start, end))


def _ranks(scores: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Rank of one document for each query, from 1; [B, D] and [B] to int64 [B]."""
    own = np.take_along_axis(scores, documents[:, np.newaxis], axis=1)
    is_earlier = np.arange(scores.shape[1]) < documents[:, np.newaxis]
    return 1 + np.sum((scores > own) | ((scores == own) & is_earlier), axis=1)
