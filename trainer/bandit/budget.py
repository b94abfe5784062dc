"""A budget spent evenly over a stream of requests, at a price that is learned on the way."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.bandit.checked_arrays import Array, positive_number


@dataclass(frozen=True)
class BudgetPacer:
    """Dual mirror descent for online allocation (Balseiro, Lu and Mirrokni 2020, algorithm 1, squared distance).

    Of a request's candidates the one with the largest utility - price x cost is bought, or nothing where none is
    positive. The price is the dual variable (lambda) of the constraint "spend at most budget / requests a request": it
    rises after a request that cost more than that and falls, not below 0, after one that cost less. Against the best
    that could be bought knowing all requests in advance, the loss grows with the square root of their number when they
    are alike (theorem 1); what is spent never exceeds the budget, whatever the requests are. Immutable.

    Any policy of this package explores within a budget: give it `paced` utilities, and as valid only the candidates
    that are `affordable`. A candidate that costs nothing and is never explored stands for buying nothing.

    Attributes:
        budget: What may be spent in all, in cost.
        requests: How many requests the budget is for; later ones still get what is left.
        step: How much the price moves, in utility / cost^2; see `plan`.
        price: Utility that a unit of cost has to bring, not negative.
        spent: What has been spent, in cost.
    """

    budget: float
    requests: int
    step: float
    price: float = 0.0
    spent: float = 0.0

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            ValueError: A field is out of its range; the message names it.
        """
        for name in ("budget", "requests", "step"):
            positive_number(name, getattr(self, name))
        if not (math.isfinite(self.price) and self.price >= 0):
            raise ValueError(f"price: must be finite and not negative, got {self.price}")
        if not 0 <= self.spent <= self.budget:
            raise ValueError(f"spent: must be from 0 to the budget of {self.budget}, got {self.spent}")

    @classmethod
    def plan(cls, budget: float, requests: int, largest_price: float, largest_cost: float) -> "BudgetPacer":
        """A budget with the step that makes the bound of theorem 1 smallest.

        Args:
            budget: What may be spent in all.
            requests: How many requests will come, about.
            largest_price: Utility per unit of cost above which nothing would be bought.
            largest_cost: Of one request.

        Raises:
            ValueError: An argument is not positive and finite.
        """
        arguments = {
            "budget": budget,
            "requests": requests,
            "largest_price": largest_price,
            "largest_cost": largest_cost,
        }
        for name, value in arguments.items():
            positive_number(name, value)
        # The bound is (largest cost + rate)^2 / 2 x step x requests + largest price^2 / (2 step).
        step = largest_price / ((largest_cost + budget / requests) * math.sqrt(requests))
        return cls(budget, requests, step)

    @property
    def rate(self) -> float:
        """Budget of one request."""
        return self.budget / self.requests

    def paced(self, utility: ArrayLike, cost: ArrayLike) -> Array:
        """Utility less the price of the cost; both are expected values of any shape.

        Raises:
            ValueError: A cost is negative or not finite.
        """
        return np.asarray(utility, np.float64) - self.price * _costs(cost)

    def affordable(self, cost: ArrayLike) -> NDArray[np.bool_]:
        """Whether the budget is enough for costs as large as these; for a slate, give the sums up to each slot.

        Raises:
            ValueError: A cost is negative or not finite.
        """
        return self.spent + _costs(cost) <= self.budget

    def choose(self, utility: ArrayLike, cost: ArrayLike) -> int:
        """The candidate to buy without exploring, or -1 for nothing; ties go to the lower candidate.

        Args:
            utility: Expected utility of the candidates, [N]; one that is not finite is not bought.
            cost: What each costs, [N].

        Raises:
            ValueError: A cost is negative or not finite.
        """
        paced = self.paced(utility, cost)
        wanted = np.where(np.isfinite(paced) & (paced > 0) & self.affordable(cost), paced, 0.0)
        return int(np.argmax(wanted)) if wanted.any() else -1

    def after(self, cost: float) -> "BudgetPacer":
        """The pacer after one more request, for which this much was spent.

        Raises:
            ValueError: The cost is negative, not finite or more than is left.
        """
        paid = float(_costs(cost))
        if not self.affordable(paid):
            raise ValueError(f"cost: {paid} is more than what is left of the budget, {self.budget - self.spent}")
        price = max(0.0, self.price + self.step * (paid - self.rate))
        return replace(self, price=price, spent=self.spent + paid)


def _costs(cost: Any) -> Array:
    costs = np.asarray(cost, np.float64)
    bad = ~(np.isfinite(costs) & (costs >= 0))
    if bad.any():
        raise ValueError(f"cost: must be finite and not negative, got {costs[bad][0]}")
    return costs
