"""Area under the ROC curve (AUC), also of many resamples at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.bootstrap import blocks_of_rounds


def resampled_auc(
    labels: NDArray[Any], scores: NDArray[np.floating[Any]], users: NDArray[np.integer[Any]], counts: NDArray[Any]
) -> NDArray[np.float64]:
    """Chance that a random row with label 1 scores above a random row with label 0, ties at half.

    This is the Mann-Whitney statistic (Hanley and McNeil, "The meaning and use of the area under a receiver operating
    characteristic (ROC) curve", Radiology 1982). Rows are sorted once; a resample only weighs them anew.

    Args:
        labels: 1 or 0; [N].
        scores: Larger where label 1 is more likely; [N].
        users: Number of the user of every row, from 0 to U - 1; [N].
        counts: How often each user is drawn in each resample; [R, U] integers.

    Returns:
        AUC of every resample, NaN where it holds one class only; [R] float64.
    """
    is_positive = np.asarray(labels) == 1
    order = np.argsort(scores[~is_positive], kind="stable")
    negative_users, positive_users = users[~is_positive][order], users[is_positive]
    negative_scores, positive_scores = scores[~is_positive][order], scores[is_positive]
    first_level = np.searchsorted(negative_scores, positive_scores, side="left")
    first_above = np.searchsorted(negative_scores, positive_scores, side="right")
    auc = np.full(len(counts), np.nan)
    for block in blocks_of_rounds(len(counts), len(labels)):
        won = np.zeros((block.stop - block.start, len(negative_users) + 1), np.int64)
        np.cumsum(counts[block][:, negative_users], axis=1, dtype=np.int64, out=won[:, 1:])
        weights = counts[block][:, positive_users].astype(np.float64)
        pairs = weights.sum(axis=1) * won[:, -1]
        # Negatives below count in both terms and those level with the positive in one: hence the half.
        half_won = (weights * won[:, first_level]).sum(axis=1) + (weights * won[:, first_above]).sum(axis=1)
        np.divide(half_won, 2 * pairs, out=auc[block], where=pairs > 0)
    return auc
