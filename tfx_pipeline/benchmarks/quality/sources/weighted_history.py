"""Histories as a matrix, later items weighing more."""

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.evaluation.cases import EvaluationCases


def weighted_history(cases: EvaluationCases, decay: float) -> sp.csr_matrix:
    """The sum over the positions of each item of decay ** positions since; with decay 0, the last item alone.

    Args:
        cases: The C cases.
        decay: Weight of a position relative to the next one, from 0 to 1.

    Returns:
        float32 [C, V], CSR.

    Raises:
        ValueError: The decay is below 0 or above 1.
    """
    if not 0 <= decay <= 1:
        raise ValueError(f"decay is {decay}, expected from 0 to 1")
    owners = cases.history.owners
    since = cases.history.offsets[1:][owners] - 1 - np.arange(len(owners))
    weights = np.power(decay, since).astype(np.float32)
    entries = (weights[weights > 0], (owners[weights > 0], cases.history.values[weights > 0]))
    return sp.csr_matrix(entries, shape=(len(cases), cases.item_count))
