"""Budget pacing against optima that are known, and against any stream of requests."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from trainer.bandit.budget import BudgetPacer


def _run(pacer: BudgetPacer, utility: np.ndarray, cost: np.ndarray) -> tuple[float, np.ndarray]:
    """Utility bought over the requests [T, N], and what was spent after each [T]."""
    bought, spent = 0.0, []
    for values, costs in zip(utility, cost, strict=True):
        choice = pacer.choose(values, costs)
        bought += values[choice] if choice >= 0 else 0.0
        pacer = pacer.after(costs[choice] if choice >= 0 else 0.0)
        spent.append(pacer.spent)
    return bought, np.array(spent)


def _stream(requests: int, candidates: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    cost = random.uniform(0.2, 1.0, (requests, candidates))
    return random.gamma(2.0, 0.5, (requests, candidates)) * cost**0.5, cost


def _linear_program(utility: np.ndarray, cost: np.ndarray, budget: float) -> float:
    """The most that shares of candidates, at most one candidate a request, can bring within the budget."""
    requests, candidates = utility.shape
    one_a_request = np.kron(np.eye(requests), np.ones(candidates))
    limits = np.vstack([one_a_request, cost.ravel()])
    solved = linprog(-utility.ravel(), A_ub=limits, b_ub=np.append(np.ones(requests), budget), method="highs")
    return -float(solved.fun)


def _dual_bound(utility: np.ndarray, cost: np.ndarray, budget: float) -> float:
    """The same by duality: the smallest over the price of price x budget + what every request earns at that price."""
    prices = np.linspace(0, (utility / cost).max(), 2000)
    earned = [np.maximum((utility - price * cost).max(axis=1), 0).sum() + price * budget for price in prices]
    return float(min(earned))


def test_the_two_references_agree() -> None:
    utility, cost = _stream(120, 3)
    assert _dual_bound(utility, cost, 20.0) == pytest.approx(_linear_program(utility, cost, 20.0), rel=1e-3)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_earns_nearly_what_could_be_earned_in_hindsight(share: float) -> None:
    utility, cost = _stream(4000, 4)
    pacer = BudgetPacer.plan(share * 4000, 4000, largest_price=5.0, largest_cost=1.0)
    bought, spent = _run(pacer, utility, cost)
    optimum = _dual_bound(utility, cost, share * 4000)
    # Theorem 1 with this step: largest price x (largest cost + rate) x sqrt(requests), and what the end leaves over.
    assert optimum - bought <= 5.0 * (1.0 + share) * math.sqrt(4000) + 5.0
    assert bought >= 0.93 * optimum
    impatient, _ = _run(BudgetPacer(share * 4000, 4000, step=1e-12), utility, cost)
    assert bought > 1.2 * impatient
    assert spent[-1] <= share * 4000


def test_unit_costs_are_the_largest_values() -> None:
    utility = np.random.default_rng(1).random((5000, 1))
    bought, spent = _run(BudgetPacer.plan(1000, 5000, 1.0, 1.0), utility, np.ones_like(utility))
    assert bought >= 0.97 * np.sort(utility.ravel())[-1000:].sum()
    assert spent[-1] >= 0.95 * 1000


def test_the_budget_is_spent_evenly() -> None:
    utility, cost = _stream(4000, 4, seed=2)
    _, spent = _run(BudgetPacer.plan(800.0, 4000, 5.0, 1.0), utility, cost)
    evenly = 800.0 * np.arange(1, 4001) / 4000
    # Telescoped, what is spent above the even line is the rise of the price over the step.
    assert np.abs(spent - evenly).max() <= 0.1 * 800
    impatient = _run(BudgetPacer(800.0, 4000, step=1e-12), utility, cost)[1]
    assert impatient[1500] > 0.99 * 800


def test_a_price_follows_what_the_paper_says() -> None:
    pacer = BudgetPacer(budget=10.0, requests=20, step=0.1, price=0.3)
    assert pacer.rate == 0.5
    assert pacer.after(2.0).price == pytest.approx(0.3 + 0.1 * (2.0 - 0.5))
    assert pacer.after(0.0).price == pytest.approx(0.3 - 0.1 * 0.5)
    assert BudgetPacer(10.0, 20, 0.1, price=0.01).after(0.0).price == 0.0
    np.testing.assert_allclose(pacer.paced([1.0, 0.2], [2.0, 1.0]), [0.4, -0.1])


def test_nothing_is_bought_where_nothing_is_worth_its_price() -> None:
    pacer = BudgetPacer(budget=2.0, requests=4, step=0.1, price=1.0)
    assert pacer.choose([0.5, 1.5, 1.9], [1.0, 1.0, 3.0]) == 1
    assert pacer.choose([0.5, 0.9], [1.0, 1.0]) == -1
    assert pacer.choose([1.0], [1.0]) == -1
    assert pacer.choose([9.0], [2.5]) == -1
    assert pacer.choose([np.nan, -np.inf, 3.0], [1.0, 1.0, 1.0]) == 2
    assert pacer.choose([], []) == -1
    np.testing.assert_array_equal(pacer.after(1.0).affordable(np.cumsum([0.5, 0.5, 0.5])), [True, True, False])


COSTS = st.floats(0, 1e6, allow_nan=False)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    stream=st.lists(st.lists(st.tuples(st.floats(), COSTS), min_size=1, max_size=4), max_size=30),
    budget=st.floats(1e-3, 1e6),
    step=st.floats(1e-9, 1e3),
)
def test_no_stream_spends_more_than_the_budget(
    stream: list[list[tuple[float, float]]], budget: float, step: float
) -> None:
    pacer = BudgetPacer(budget, 10, step)
    paid = []
    for candidates in stream:
        utility, cost = (np.array(column) for column in zip(*candidates, strict=True))
        choice = pacer.choose(utility, cost)
        paid.append(cost[choice] if choice >= 0 else 0.0)
        pacer = pacer.after(paid[-1])
        assert pacer.price >= 0
    assert pacer.spent == sum(paid)
    assert pacer.spent <= budget


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"budget": 0.0}, "budget: must be positive and finite, got 0.0"),
        ({"budget": math.inf}, "budget: must be positive and finite, got inf"),
        ({"requests": 0}, "requests: must be positive and finite, got 0"),
        ({"step": -1.0}, "step: must be positive and finite, got -1.0"),
        ({"price": -0.5}, "price: must be finite and not negative, got -0.5"),
        ({"price": math.nan}, "price: must be finite and not negative, got nan"),
        ({"spent": 11.0}, "spent: must be from 0 to the budget of 10.0, got 11.0"),
    ],
)
def test_bad_fields_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        BudgetPacer(**{"budget": 10.0, "requests": 5, "step": 0.1, **changed})


def test_bad_arguments_are_refused() -> None:
    pacer = BudgetPacer(10.0, 5, 0.1, spent=8.0)
    for cost, shown in (([1.0, -1.0], "-1.0"), ([math.nan, 1.0], "nan"), ([math.inf, 1.0], "inf")):
        for call in (pacer.affordable, lambda cost: pacer.paced([0.0, 0.0], cost)):
            with pytest.raises(ValueError, match=f"^cost: must be finite and not negative, got {shown}$"):
                call(cost)
    with pytest.raises(ValueError, match="^cost: must be finite and not negative, got -1.0$"):
        pacer.after(-1.0)
    with pytest.raises(ValueError, match="^cost: 2.5 is more than what is left of the budget, 2.0$"):
        pacer.after(2.5)
    with pytest.raises(ValueError, match="^largest_price: must be positive and finite, got 0.0$"):
        BudgetPacer.plan(1.0, 1, 0.0, 1.0)
    with pytest.raises(ValueError, match="^largest_cost: must be positive and finite, got 0.0$"):
        BudgetPacer.plan(1.0, 1, 1.0, 0.0)
