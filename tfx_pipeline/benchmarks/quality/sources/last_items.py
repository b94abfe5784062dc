"""The latest item of each history."""

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.cases import EvaluationCases

NONE = -1


def last_items(cases: EvaluationCases) -> NDArray[np.int64]:
    """The item row that each history ends with, `NONE` where it is empty; int64 [C]."""
    last = np.full(len(cases), NONE, np.int64)
    known = cases.history.lengths > 0
    last[known] = cases.history.values[cases.history.offsets[1:][known] - 1]
    return last
