import numpy as np
import pytest

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.exploration_sample import SAMPLE_USERS, measure_exploration
from tfx_pipeline.served_ranker import Slates


class TwoPolicies:
    """Greedy shows items 0, 1, 2; Thompson shows 0, 3, 2 with propensities 0.9, 0.004 and 0.5, and nothing more."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str]] = []

    def slates(self, cases: EvaluationCases, k: int, policy: str = "greedy", new_only: bool = False) -> Slates:
        self.asked.append((len(cases), policy))
        shown = {"greedy": [0, 1, 2], "thompson": [0, 3, 2]}[policy]
        items = np.array([shown + [-1] * (k - 3)] * len(cases), np.int32)
        propensities = np.array([[0.9, 0.004, 0.5] + [0.0] * (k - 3)] * len(cases), np.float32)
        return Slates(items, propensities, propensities, np.full(items.shape, b"ann", object))


def cases(users: int) -> EvaluationCases:
    return EvaluationCases.from_lists([f"u{user}" for user in range(users)], [[0]] * users, [[1]] * users, 4)


def test_what_is_not_greedy_is_explored() -> None:
    served = TwoPolicies()
    (measured,) = measure_exploration(served, cases(5), 4, "thompson", 7)  # type: ignore[arg-type]
    assert (measured.policy, measured.is_default, measured.users, measured.slots) == ("thompson", True, 5, 15)
    assert measured.explored_share == pytest.approx(1 / 3)
    assert measured.median_propensity == pytest.approx(0.5)
    assert measured.low_propensity_share == pytest.approx(1 / 3)


def test_a_sample_is_enough() -> None:
    served = TwoPolicies()
    (measured,) = measure_exploration(served, cases(SAMPLE_USERS + 50), 3, "greedy", 7)  # type: ignore[arg-type]
    assert served.asked == [(SAMPLE_USERS, "greedy"), (SAMPLE_USERS, "thompson")]
    assert not measured.is_default


def test_a_model_that_shows_nothing_has_nothing_to_measure() -> None:
    class Mute(TwoPolicies):
        def slates(self, cases: EvaluationCases, k: int, policy: str = "greedy", new_only: bool = False) -> Slates:
            nothing = np.full((len(cases), k), -1, np.int32)
            zeros = np.zeros(nothing.shape, np.float32)
            return Slates(nothing, zeros, zeros, np.full(nothing.shape, b"", object))

    assert measure_exploration(Mute(), cases(5), 3, "greedy", 7) == ()  # type: ignore[arg-type]


def test_nobody_to_ask() -> None:
    assert measure_exploration(TwoPolicies(), cases(0), 3, "greedy", 7) == ()  # type: ignore[arg-type]
