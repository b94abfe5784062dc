import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.metrics import RankingScores, metric_names, score_hits, score_rankings

CASES = EvaluationCases.from_lists(
    ["first", "second", "none", "idle"], [[], [], [], []], [[0], [3, 4, 5], [6], []], item_count=10
)
RANKED = np.array([[0, 1, 2], [4, 9, 3], [7, -1, -1], [0, 1, 2]], np.int32)


def test_golden_values() -> None:
    scores = score_rankings(RANKED, CASES, [1, 3])
    # The second user finds two of three targets, at ranks 1 and 3.
    second = (1 + 1 / 2) / (1 + 1 / math.log2(3) + 1 / 2)
    assert scores.users == 3
    expected = {
        "HR@1": [1, 1, 0],
        "Recall@1": [1, 1, 0],
        "NDCG@1": [1, 1, 0],
        "Precision@1": [1, 1, 0],
        "MAP@1": [1, 1 / 3, 0],
        "MRR@1": [1, 1, 0],
        "F1@1": [1, 2 / (1 + 3), 0],
        "HR@3": [1, 1, 0],
        "Recall@3": [1, 2 / 3, 0],
        "NDCG@3": [1, second, 0],
        "Precision@3": [1 / 3, 2 / 3, 0],
        "MAP@3": [1, (1 + 2 / 3) / 3, 0],
        "MRR@3": [1, 1, 0],
        "F1@3": [2 / (3 + 1), 4 / (3 + 3), 0],
    }
    assert list(scores.per_user) == list(expected) == metric_names([1, 3])
    for name, values in expected.items():
        assert scores.per_user[name] == pytest.approx([*values, math.nan], nan_ok=True)
        assert scores.means[name] == pytest.approx(sum(values) / 3)
        assert scores.standard_errors[name] == pytest.approx(np.std(values, ddof=1) / math.sqrt(3))


def test_the_first_hit_counts_for_the_reciprocal_rank() -> None:
    is_hit = np.array([[False, True, True, False], [False, False, False, True], [False] * 4])
    scores = score_hits(is_hit, np.array([2, 1, 1]), [1, 3, 4])
    assert scores["MRR@1"].tolist() == [0, 0, 0]
    assert scores["MRR@3"].tolist() == [1 / 2, 0, 0]
    assert scores["MRR@4"].tolist() == [1 / 2, 1 / 4, 0]


def test_more_targets_than_ranks_can_still_be_perfect() -> None:
    cases = EvaluationCases.from_lists(["u"], [[]], [[0, 1, 2, 3]], 5)
    means = score_rankings(np.array([[2, 0]]), cases, [2]).means
    assert [means[f"{metric}@2"] for metric in ("HR", "Recall", "NDCG", "Precision", "MRR")] == [1.0] * 5
    assert means["MAP@2"] == 2 / 4
    assert means["F1@2"] == pytest.approx(2 * 1 * 0.5 / (1 + 0.5))


def test_one_user_has_no_standard_error() -> None:
    cases = EvaluationCases.from_lists(["u"], [[]], [[0]], 5)
    assert score_rankings(np.array([[2, 0]]), cases, [2]).standard_errors["HR@2"] is None


def test_nobody_has_no_metrics() -> None:
    scores = score_rankings(np.zeros((0, 2), np.int32), CASES[:0], [2])
    assert (scores.users, scores.means["HR@2"], scores.standard_errors["HR@2"]) == (0, None, None)


def test_a_summary_leaves_out_who_does_not_count() -> None:
    scores = RankingScores.from_per_user({"HR@1": np.array([1.0, math.nan, 0.0])})
    assert (scores.users, scores.means, scores.standard_errors) == (2, {"HR@1": 0.5}, {"HR@1": 0.5})


@pytest.mark.parametrize(
    ("cutoffs", "message"),
    [
        ([], "no cut-off is given"),
        ([3, 0], "cut-off 0 is below 1"),
        ([1, 4], "cut-off 4 needs as many ranks, the rankings have 3"),
    ],
)
def test_invalid_cutoffs(cutoffs: list[int], message: str) -> None:
    with pytest.raises(ValueError) as error:
        score_rankings(RANKED, CASES, cutoffs)
    assert str(error.value) == message


def test_one_count_of_targets_a_case() -> None:
    with pytest.raises(ValueError) as error:
        score_hits(np.zeros((2, 3), bool), np.ones(3, np.int64), [1])
    assert str(error.value) == "hits have shape (2, 3), target counts (3,)"
