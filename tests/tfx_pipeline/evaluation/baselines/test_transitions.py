from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.evaluation.baselines import Transitions
from tfx_pipeline.evaluation.cases import EvaluationCases

HISTORIES = [[0, 1, 2, 0], [1, 2, 2], [3, 0, 1]]


def expected_counts(steps: int, both_ways: bool) -> np.ndarray:
    counts = np.zeros((4, 4))
    for row in HISTORIES:
        for i, item in enumerate(row):
            for distance in range(1, steps + 1):
                if i + distance < len(row):
                    counts[item, row[i + distance]] += 1 / distance
    return counts + counts.T if both_ways else counts


@pytest.mark.parametrize("power", [0.0, 0.5])
@pytest.mark.parametrize("both_ways", [False, True])
@pytest.mark.parametrize("steps", [1, 2, 10])
def test_scores_are_those_of_the_formula(shop: Callable[..., Any], steps: int, both_ways: bool, power: float) -> None:
    interactions, cases = shop(HISTORIES, 4)
    users = np.array([sum(item in row for row in HISTORIES) for item in range(4)])
    matrix = expected_counts(steps, both_ways) / users**power
    expected = [sum(0.8**back * matrix[item] for back, item in enumerate(reversed(row))) for row in HISTORIES]
    scores = Transitions(steps, 0.8, power, both_ways).fit(interactions).score(cases)
    known = np.array(expected) > 0
    # The tie-break adds 1/10,000 at most.
    np.testing.assert_allclose(scores[known], np.array(expected)[known], atol=1.1e-4)
    assert (scores[~known] < 0).all()


def test_the_order_that_was_planted_is_found(shop: Callable[..., Any]) -> None:
    ring = [[start % 7, (start + 1) % 7, (start + 2) % 7] for start in range(21)]
    interactions, _ = shop(ring, 7)
    asked = EvaluationCases.from_lists([str(i) for i in range(7)], [[i] for i in range(7)], [[]] * 7, 7)
    ranked = Transitions().fit(interactions)(asked, 2, False).items
    assert ranked.tolist() == [[(i + 1) % 7, (i + 2) % 7] for i in range(7)]


def test_no_transition_runs_from_one_user_to_the_next(shop: Callable[..., Any]) -> None:
    interactions, _ = shop([[0], [1]], 2)
    asked = EvaluationCases.from_lists(["a"], [[0]], [[]], 2)
    assert (Transitions().fit(interactions).score(asked) < 0).all()
