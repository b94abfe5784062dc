import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.ragged import Ragged
from tfx_pipeline.evaluation.sampled import CandidateLists, positive_ranks, score_sampled


def lists(*rows: list[float]) -> Ragged:
    offsets = np.cumsum([0, *map(len, rows)])
    return Ragged(np.array([value for row in rows for value in row], np.float32), offsets)


def test_repeated_negatives_and_the_positive_leave() -> None:
    given = Ragged.from_lists([[5, 3, 5, 7, 3], [7, 2, 5], [1, 9, 1]])
    candidates = CandidateLists.from_given(np.array([7, 2, 4]), given)
    assert [candidates.negatives.row(i).tolist() for i in range(3)] == [[5, 3], [7, 5], [1, 9]]
    assert (len(candidates), candidates.repeated, candidates.positives_among) == (3, 3, 2)


def test_golden_values() -> None:
    positives = np.array([0.9, 0.5, 0.5, 0.1], np.float32)
    negatives = lists([0.1, 0.2, 0.3], [0.6, 0.5, 0.1], [0.5, 0.5, 0.1], [0.2, 0.3, 0.4])
    assert positive_ranks(positives, negatives).tolist() == [1, 2.5, 2, 4]
    scores = score_sampled(positives, negatives, [2, 3])
    expected = {
        "sampled HR@2": [1, 0, 1, 0],
        "sampled NDCG@2": [1, 0, 1 / math.log2(3), 0],
        "sampled HR@3": [1, 1, 1, 0],
        "sampled NDCG@3": [1, 1 / math.log2(3.5), 1 / math.log2(3), 0],
        "sampled MRR": [1, 1 / 2.5, 1 / 2, 1 / 4],
    }
    assert (scores.users, list(scores.per_user)) == (4, list(expected))
    for name, values in expected.items():
        assert scores.per_user[name] == pytest.approx(values)
        assert scores.means[name] == pytest.approx(np.mean(values))


def test_equal_scores_gain_nothing() -> None:
    # Chance alone puts the positive at rank 50.5 of 100 on average, and so do equal scores.
    assert positive_ranks(np.zeros(3, np.float32), lists(*[[0.0] * 99] * 3)).tolist() == [50.5] * 3


def test_a_wider_positive_score_can_still_tie() -> None:
    assert positive_ranks(np.array([0.1]), lists([0.1])).tolist() == [1.5]


def test_nobody() -> None:
    scores = score_sampled(np.zeros(0, np.float32), lists(), [1])
    assert (scores.users, scores.means["sampled HR@1"]) == (0, None)


@pytest.mark.parametrize(
    ("positives", "negatives", "message"),
    [
        ([1], [[2], [3]], "1 positives and 2 lists of negatives do not fit together"),
        ([1, 2], [[2], [2, 2]], "case row 1 has no negative"),
        ([1, 2], [[2], []], "case row 1 has no negative"),
    ],
)
def test_invalid_candidates(positives: list[int], negatives: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError) as error:
        CandidateLists.from_given(np.array(positives), Ragged.from_lists(negatives))
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("positives", "negatives", "cutoffs", "message"),
    [
        ([1.0], [[2.0], [3.0]], [1], "positive scores have shape (1,), there are 2 lists of negatives"),
        ([1.0, math.nan], [[2.0], [3.0]], [1], "case row 1: a score is NaN"),
        ([1.0, 1.0], [[2.0], [3.0, math.nan]], [1], "case row 1: a score is NaN"),
        ([1.0], [[2.0]], [0], "cut-off 0 is below 1"),
    ],
)
def test_invalid_scores(positives: list[float], negatives: list[list[float]], cutoffs: list[int], message: str) -> None:
    with pytest.raises(ValueError) as error:
        score_sampled(np.array(positives, np.float32), lists(*negatives), cutoffs)
    assert str(error.value) == message
