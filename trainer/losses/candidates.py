"""The items that stand in the denominator of a softmax, and which of them are positives of a query."""

from collections.abc import Callable
from typing import NamedTuple

import keras
from keras import ops

Embed = Callable[[keras.KerasTensor], keras.KerasTensor]
"""A model's item tower: catalogue rows, int [M], to unit vectors, float [M, D]."""

HIDDEN = -1e9
"""Logit of an item that is no candidate: its exponential is 0 in float32 beside any logit of a unit vector."""


class Candidates(NamedTuple):
    """Items with which a query is compared: M that all N queries share, or M of each query's own.

    Attributes:
        vectors: Item vectors, float32 [M, D] or [N, M, D].
        rows: Catalogue rows, int [M] or [N, M]; -1 is no candidate (padding, an empty slot of a queue).
        log_q: Log of the item's measured share of the training targets, float32 in the shape of `rows`. That share
            is the probability with which a draw from the training batches gives the item. 0 everywhere where no
            correction is wanted.
    """

    vectors: keras.KerasTensor
    rows: keras.KerasTensor
    log_q: keras.KerasTensor


def known_positives(targets: Candidates, positives: keras.KerasTensor | None) -> keras.KerasTensor:
    """Every row that must not be a negative of each query: its target and its other positives.

    Args:
        targets: The target of each query, N of them.
        positives: Other positives of each query, int [N, P], -1 pads; None where there are none.

    Returns:
        int32 [N, P + 1], the target first.
    """
    own = ops.cast(targets.rows, "int32")[:, None]
    return own if positives is None else ops.concatenate([own, ops.cast(positives, "int32")], axis=1)


def is_among(rows: keras.KerasTensor, known: keras.KerasTensor) -> keras.KerasTensor:
    """Which rows are among the known rows of each query.

    Args:
        rows: int [M], or [N, M] where each query has its own.
        known: int [N, P].

    Returns:
        bool [N, M].
    """
    rows, known = ops.cast(rows, "int32"), ops.cast(known, "int32")
    rows = rows if len(rows.shape) == 2 else rows[None, :]

    if known.shape[1] == 1:
        return ops.equal(rows, known)

    # One column at a time: all of them at once would take P times the memory of the logits.
    def add_column(column: keras.KerasTensor, found: keras.KerasTensor) -> keras.KerasTensor:
        return ops.logical_or(found, ops.equal(rows, ops.take(known, column, axis=1)[:, None]))

    return ops.fori_loop(1, ops.shape(known)[1], add_column, ops.equal(rows, known[:, :1]))


def dot_products(queries: keras.KerasTensor, vectors: keras.KerasTensor) -> keras.KerasTensor:
    """Dot product of each query with its candidates, in float32 whatever the vectors are computed in.

    Args:
        queries: float [N, D].
        vectors: float [M, D], or [N, M, D] where each query has its own.

    Returns:
        float32 [N, M].
    """
    queries, vectors = ops.cast(queries, "float32"), ops.cast(vectors, "float32")
    if len(vectors.shape) == 2:
        return ops.matmul(queries, ops.transpose(vectors))
    return ops.einsum("nd,nmd->nm", queries, vectors)
