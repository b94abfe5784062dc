"""Histories as a matrix of cases and items."""

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.evaluation.baselines.recency import EQUAL, Recency
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.interactions import Interactions

# Positions that weigh less than this share of the latest one hardly change a ranking, but cost as much as the others.
_NEGLIGIBLE = 1e-4


def history_matrix(cases: EvaluationCases, recency: Recency = EQUAL, ceiling: float | None = None) -> sp.csr_matrix:
    """The weight of every item in each case's history: the sum over its positions there.

    Args:
        cases: The C cases.
        recency: Weight of a position. Positions below 1/10,000 of the latest one's weight are left out.
        ceiling: The most that an item can weigh, if it is in the history several times.

    Returns:
        Weights; [C, V] float32, CSR with sorted columns.
    """
    lengths = cases.history.lengths
    weights = recency.weights(lengths, None if cases.ages is None else cases.ages.values)
    owners = cases.history.owners
    latest = weights[np.maximum(cases.history.offsets[1:] - 1, 0)][owners] if len(weights) else weights
    heavy = weights >= _NEGLIGIBLE * latest
    entries = (weights[heavy], (owners[heavy], cases.history.values[heavy]))
    matrix = sp.csr_matrix(entries, shape=(len(cases), cases.item_count), dtype=np.float32)
    if ceiling is not None:
        np.minimum(matrix.data, ceiling, out=matrix.data)
    return matrix


def training_matrix(interactions: Interactions) -> sp.csr_matrix:
    """How often each user has each item in the training window; [U, V] float32, CSR with sorted columns."""
    entries = (np.ones(len(interactions), np.float32), (interactions.users, interactions.items))
    return sp.csr_matrix(entries, shape=(interactions.user_count, interactions.item_count), dtype=np.float32)


def binary(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """The same matrix with 1 at every entry."""
    return sp.csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
