import numpy as np
import pytest

from tfx_pipeline.evaluate import ranker_scorer
from tfx_pipeline.evaluate.ranker_scorer import score_by_ranking
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.rankings import Rankings

CASES = EvaluationCases.from_lists(["u", "v", "w"], [[], [], []], [[0], [1], [2]], 4)
CANDIDATES = Ragged.from_lists([[0, 3], [2], [1, 0, 3]])


def ranker(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
    assert (k, new_only) == (4, False)
    items = np.tile(np.array([2, 0, 1, -1], np.int32), (len(cases), 1))
    scores = np.tile(np.array([9, 5, 5, -np.inf], np.float32), (len(cases), 1))
    return Rankings(items, scores)


@pytest.mark.parametrize("at_once", [1, 8, 1000])
def test_scores_are_looked_up(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(ranker_scorer, "_RANKED_AT_ONCE", at_once)
    scores = score_by_ranking(ranker, CASES, CANDIDATES)
    assert scores.values.tolist() == [5, -np.inf, 9, 5, 5, -np.inf]
    assert scores.offsets.tolist() == [0, 2, 3, 6]


def test_ranks_stand_in_for_scores() -> None:
    def unscored(cases: EvaluationCases, k: int, new_only: bool) -> Rankings:
        return Rankings(ranker(cases, k, new_only).items)

    assert score_by_ranking(unscored, CASES, CANDIDATES).values.tolist() == [-1, -np.inf, 0, -2, -1, -np.inf]
