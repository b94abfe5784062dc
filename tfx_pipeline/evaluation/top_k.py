"""Exact top k over the full catalogue, fast enough to rank every user."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import PAD, Rankings

_COLUMNS_A_BLOCK = 64
_LOWEST = np.finfo(np.float32).min
_SCORES_AT_ONCE = 2**24


def top_k(scores: NDArray[np.floating[Any]], k: int) -> Rankings:
    """The k items with the largest scores of every case.

    Equal scores keep catalogue order: the lower item row comes first. An item with score -inf is never ranked, so a
    mask is set by writing -inf.

    Args:
        scores: Score of every item; [C, V] float32. Wider floats are rounded to float32 first, so that ties are those
            of the scores that come back.
        k: Length of the lists.

    Returns:
        Items [C, k] and their scores [C, k], -1 and -inf behind the last one.

    Raises:
        ValueError: `k` is below 1, the scores have another shape, or a score is NaN; the message names the case row.
    """
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1")
    if scores.ndim != 2 or not np.issubdtype(scores.dtype, np.floating):
        raise ValueError(f"scores must be two-dimensional floats, not {scores.dtype} of shape {scores.shape}")
    items = np.full((len(scores), k), PAD, np.int32)
    best_scores = np.full((len(scores), k), -np.inf, np.float32)
    scores = scores.astype(np.float32, copy=False)
    for case, (row, bound) in enumerate(zip(scores, _lower_bounds(scores, k), strict=True)):
        best = _best_columns(row, k, bound)
        items[case, : len(best)] = best
        best_scores[case, : len(best)] = row[best]
    return Rankings(items, best_scores)


def top_k_of_vectors(
    queries: NDArray[np.float32],
    items: NDArray[np.float32],
    k: int,
    excluded: Ragged | None = None,
    batch: int | None = None,
) -> Rankings:
    """The k items whose vectors have the largest dot product with each query.

    Args:
        queries: Query vectors; [C, D] float32.
        items: Item vectors in catalogue order; [V, D] float32.
        k: Length of the lists.
        excluded: Item rows that a case must not get; C lists.
        batch: Cases that one thread scores at once, `batch` x V x 4 bytes; there is a thread for each core. By default
            all threads together hold some 16 million scores.

    Returns:
        Items [C, k] and dot products [C, k], as from `top_k`.

    Raises:
        ValueError: A shape does not fit, `k` or `batch` is below 1, an excluded row is outside the catalogue, or a
            dot product is NaN.
    """
    threads = os.cpu_count() or 1
    batch = max(1, _SCORES_AT_ONCE // (max(1, len(items)) * threads)) if batch is None else batch
    _check_vectors(queries, items, excluded, batch)
    ranked = np.full((len(queries), k), PAD, np.int32)
    best_scores = np.full((len(queries), k), -np.inf, np.float32)

    def rank(rows: slice) -> None:
        part = None if excluded is None else excluded.take(np.arange(rows.start, rows.stop))
        best = _rank(queries[rows], items, k, part, rows)
        ranked[rows], best_scores[rows] = best.items, best.scores

    # A product alone would keep all cores busy, but what is done with it only one.
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(rank, _batches(len(queries), batch)):
            pass
    return Rankings(ranked, best_scores)


def _rank(
    queries: NDArray[np.float32], items: NDArray[np.float32], k: int, excluded: Ragged | None, rows: slice
) -> Rankings:
    scores = queries @ items.T
    if excluded is not None:
        scores[excluded.owners, excluded.values] = -np.inf
    try:
        return top_k(scores, k)
    except ValueError as error:
        raise ValueError(f"cases {rows.start} to {rows.stop - 1}: {error}") from error


def _best_columns(row: NDArray[np.float32], k: int, bound: np.float32) -> NDArray[np.int64]:
    near = np.flatnonzero(row > bound)
    if len(near) < k:
        # The bound is the k-th largest score itself. Of the items level with it, the first of the catalogue come in.
        near = np.concatenate([near, np.flatnonzero(row == bound)[: k - len(near)]])
    elif len(near) > k:
        values = row[near]
        last = np.partition(values, len(values) - k)[len(values) - k]
        above = near[values > last]
        near = np.concatenate([above, near[values == last][: k - len(above)]])
    return near[np.argsort(-row[near], kind="stable")]


def _lower_bounds(scores: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """For each case a number that its k-th largest score is not below; [C]."""
    # Each of the k blocks with the largest maxima holds a score that is at least the k-th of these maxima, and so the
    # k-th largest score is at least as large. One pass for the maxima and one to compare cost far less than to
    # partition the whole row. Blocks are strided columns, because NumPy takes maxima across rows with wide vectors.
    blocks = scores.shape[1] // _COLUMNS_A_BLOCK
    blocks = blocks if blocks >= k else 0
    in_blocks = blocks * _COLUMNS_A_BLOCK
    maxima = scores[:, :in_blocks].reshape(len(scores), _COLUMNS_A_BLOCK, blocks).max(axis=1)
    # A maximum with a NaN in its block is NaN.
    has_nan = np.isnan(maxima).any(axis=1) | np.isnan(scores[:, in_blocks:]).any(axis=1)
    if has_nan.any():
        case = int(np.argmax(has_nan))
        raise ValueError(f"case row {case}: the score of item row {int(np.argmax(np.isnan(scores[case])))} is NaN")
    if not blocks:
        return np.full(len(scores), _LOWEST)
    return np.maximum(np.partition(maxima, blocks - k, axis=1)[:, blocks - k], _LOWEST)


def _check_vectors(
    queries: NDArray[np.float32], items: NDArray[np.float32], excluded: Ragged | None, batch: int
) -> None:
    if batch < 1:
        raise ValueError(f"batch is {batch}, expected at least 1")
    if queries.ndim != 2 or items.ndim != 2 or queries.shape[1] != items.shape[1]:
        raise ValueError(f"queries of shape {queries.shape} and items of shape {items.shape} do not fit together")
    if excluded is None:
        return
    if len(excluded) != len(queries):
        raise ValueError(f"{len(excluded)} lists of excluded items, expected one for each of {len(queries)} queries")
    if len(excluded.values) and not 0 <= excluded.values.min() <= excluded.values.max() < len(items):
        raise ValueError(f"an excluded item row is outside the catalogue of {len(items)}")


def _batches(count: int, batch: int) -> Iterator[slice]:
    for start in range(0, count, batch):
        yield slice(start, min(start + batch, count))
