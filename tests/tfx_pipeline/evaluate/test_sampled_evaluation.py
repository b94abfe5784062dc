import numpy as np
import pytest

from tfx_pipeline.evaluate.sampled_evaluation import evaluate_sampled
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.protocol import EvaluationSettings
from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists

POSITIVES = np.array([0, 1, 2])
CANDIDATES = CandidateLists.from_given(POSITIVES, Ragged.from_lists([[3, 4], [3, 0, 4], [0, 1]]))
CASES = EvaluationCases.from_lists(["u", "v", "w"], [[], [], []], [[0], [1], [2]], 5)
SETTINGS = EvaluationSettings(rounds=40)


def by_row(cases: EvaluationCases, candidates: Ragged) -> Ragged:
    """Larger rows score more: the positives get the ranks 3, 3 and 1."""
    return Ragged(candidates.values.astype(np.float32), candidates.offsets)


def all_alike(cases: EvaluationCases, candidates: Ragged) -> Ragged:
    """Ties count half: the ranks are 2, 2.5 and 2."""
    return Ragged(np.zeros(len(candidates.values), np.float32), candidates.offsets)


def test_ranks_of_the_positive_among_its_negatives() -> None:
    found = evaluate_sampled({"by row": by_row, "alike": all_alike}, CASES, CANDIDATES, [1, 2], SETTINGS)
    first, second = found.table.rows
    assert (first.model, first.items, first.users) == ("by row", "all", 3)
    assert first.metrics["sampled HR@2"] == pytest.approx(1 / 3)
    assert first.metrics["sampled MRR"] == pytest.approx((1 / 3 + 1 / 3 + 1) / 3)
    assert second.metrics["sampled HR@2"] == pytest.approx(2 / 3)
    assert second.metrics["sampled MRR"] == pytest.approx((1 / 2 + 1 / 2.5 + 1 / 2) / 3)
    assert all(low <= first.metrics[name] <= high for name, (low, high) in first.intervals.items())  # type: ignore
    assert {test.metric for test in found.tests} == set(first.metrics)
    assert {(test.model, test.other) for test in found.tests} == {("by row", "alike")}


def test_ranked_candidates_with_ties_in_catalogue_order() -> None:
    ranked = evaluate_sampled({"alike": all_alike, "by row": by_row}, CASES, CANDIDATES, [1], SETTINGS).ranked
    np.testing.assert_array_equal(ranked["alike", "all"][1].items, [[0, 3, 4, -1], [0, 1, 3, 4], [0, 1, 2, -1]])
    by_rows = ranked["by row", "all"][1]
    np.testing.assert_array_equal(by_rows.items, [[4, 3, 0, -1], [4, 3, 1, 0], [2, 1, 0, -1]])
    assert by_rows.scores is not None and by_rows.scores[0].tolist() == [4, 3, 0, -np.inf]


def test_no_rounds_no_intervals() -> None:
    found = evaluate_sampled({"a": by_row, "b": all_alike}, CASES, CANDIDATES, [1], EvaluationSettings(rounds=0))
    assert (found.tests, found.table.rows[0].intervals) == ((), {})


def test_a_score_that_is_no_number_names_the_model() -> None:
    def broken(cases: EvaluationCases, candidates: Ragged) -> Ragged:
        return Ragged(np.full(len(candidates.values), np.nan, np.float32), candidates.offsets)

    with pytest.raises(ValueError, match=r"^model 'broken': case row 0: a score is NaN$"):
        evaluate_sampled({"broken": broken}, CASES, CANDIDATES, [1], SETTINGS)
