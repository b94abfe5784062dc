"""Six events of three users over five items, small enough to count by hand."""

import numpy as np

from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop
from tfx_pipeline.evaluation.cases import EvaluationCases

ITEMS = 5


def tiny_past() -> Past:
    users, items = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 2, 1, 0, 3])
    return Past(Shop(ITEMS), users, items, user_count=3)


def tiny_cases() -> EvaluationCases:
    return EvaluationCases.from_lists(["a", "b", "c"], [[1, 0], [3], [0, 4, 0]], [[2], [1], [1]], ITEMS)
