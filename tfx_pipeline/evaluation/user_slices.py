"""Slices that follow from what a user did before the cut in time."""

import numpy as np

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.labelling import Labelling, number_bands
from tfx_pipeline.evaluation.slicing import Slicing, slice_by_user

COLD_BELOW = 5
"""Events below which a user counts as cold."""


def activity_deciles(cases: EvaluationCases) -> Slicing:
    """Ten bands of users by the length of their history, fewer where many are equally long.

    Args:
        cases: The C cases, with whole histories.
    """
    return slice_by_user("user activity", number_bands(cases.history.lengths, 10, "events"), cases)


def cold_users(cases: EvaluationCases, cold_below: int = COLD_BELOW) -> Slicing:
    """Users with a short history against all others.

    Args:
        cases: The C cases, with whole histories.
        cold_below: Events from which on a user is warm.
    """
    is_warm = (cases.history.lengths >= cold_below).astype(np.int32)
    labels = (f"cold (fewer than {cold_below} events)", f"warm ({cold_below} events or more)")
    return slice_by_user("cold and warm users", Labelling(labels, is_warm), cases)
