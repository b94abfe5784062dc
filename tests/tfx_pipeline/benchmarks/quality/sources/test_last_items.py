import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality.sources.last_items import NONE, last_items
from tfx_pipeline.evaluation.cases import EvaluationCases


@pytest.mark.parametrize("histories", [[[4, 1], [], [0, 0, 2], [3], []], [[]], []])
def test_the_end_of_each_history(histories: list[list[int]]) -> None:
    names = [str(number) for number in range(len(histories))]
    cases = EvaluationCases.from_lists(names, histories, [[0]] * len(histories), 5)
    np.testing.assert_array_equal(last_items(cases), [items[-1] if items else NONE for items in histories])
