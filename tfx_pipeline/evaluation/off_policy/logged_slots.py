"""What off-policy evaluation reads: slots that one policy filled, and what another would have done with them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LoggedSlots:
    """Slots that the logging policy filled; R rows, one a shown item, in any order.

    Attributes:
        rewards: What the item earned; [R] float64, finite.
        propensities: Probability with which the logging policy put this item into this slot; [R] float64 in (0, 1].
        slots: Slot of the slate, 0 at the top; [R] int64. A request has each slot at most once.
        requests: Number of the request; [R] int64. Rows of one request depend on each other, requests do not.

    Raises:
        ValueError: An array has another length, is empty, or has a value that it may not have.
    """

    rewards: NDArray[np.float64]
    propensities: NDArray[np.float64]
    slots: NDArray[np.int64]
    requests: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.rewards):
            raise ValueError("the log has no rows")
        for name in ("propensities", "slots", "requests"):
            check_length(name, getattr(self, name), len(self.rewards))
        check_values("rewards", self.rewards, np.isfinite(self.rewards), "a finite number")
        check_values("propensities", self.propensities, is_propensity(self.propensities, 0), "above 0, at most 1")
        check_values("slots", self.slots, self.slots >= 0, "at least 0")
        rows = self.by_request
        again = (np.diff(self.requests[rows]) == 0) & (np.diff(self.slots[rows]) == 0)
        if again.any():
            row = rows[1:][again][0]
            raise ValueError(f"row {row} is slot {self.slots[row]} of request {self.requests[row]} a second time")

    @cached_property
    def by_request(self) -> NDArray[np.int64]:
        """The rows, sorted by request and then by slot; [R]."""
        return np.lexsort((self.slots, self.requests))

    @cached_property
    def request_rows(self) -> NDArray[np.int64]:
        """Every row's request, counted from 0 without gaps; [R]."""
        return np.unique(self.requests, return_inverse=True)[1].reshape(-1)

    @property
    def request_count(self) -> int:
        """Number of requests, Q."""
        return int(self.request_rows.max()) + 1

    @property
    def slate_length(self) -> int:
        """Slots of the longest slate."""
        return int(np.bincount(self.request_rows).max())

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the values, [R], of each request; [Q] float64."""
        return np.bincount(self.request_rows, weights=values, minlength=self.request_count).astype(np.float64)

    def products_up_to(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """For every row, the product of the values of its request from the top slot down to its own; [R] float64."""
        products = np.asarray(values, np.float64)[self.by_request]
        starts = np.flatnonzero(np.diff(self.requests[self.by_request], prepend=np.nan) != 0)
        ends = np.append(starts[1:], len(products))
        for depth in range(1, self.slate_length):
            rows = starts[starts + depth < ends] + depth
            products[rows] *= products[rows - 1]
        return self._in_log_order(products)

    def shifted_down(self, values: NDArray[np.float64], first: float) -> NDArray[np.float64]:
        """For every row, the value of the slot above it; `first` for the top slot of a request; [R] float64."""
        above = np.roll(np.asarray(values, np.float64)[self.by_request], 1)
        above[np.diff(self.requests[self.by_request], prepend=np.nan) != 0] = first
        return self._in_log_order(above)

    def _in_log_order(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        ordered = np.empty_like(values)
        ordered[self.by_request] = values
        return ordered


@dataclass(frozen=True, eq=False)
class EvaluationPolicy:
    """What the policy to be evaluated would have done with the R logged rows.

    Attributes:
        propensities: Probability with which it puts the logged item into the logged slot; [R] float64 in [0, 1].
        estimated_rewards: What a reward model expects of the logged item in its slot; [R] float64.
        expected_rewards: What it expects of the policy in this slot, so the mean of its estimates over the candidates,
            weighted with the policy's propensities; [R] float64. Both are None without a reward model.

    Raises:
        ValueError: An array has another length or a value that it may not have, or only one of the two estimates is
            given.
    """

    propensities: NDArray[np.float64]
    estimated_rewards: NDArray[np.float64] | None = None
    expected_rewards: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        name = "evaluation propensities"
        check_values(name, self.propensities, is_propensity(self.propensities, -1), "from 0 to 1")
        if (self.estimated_rewards is None) != (self.expected_rewards is None):
            raise ValueError("estimated_rewards and expected_rewards come together or not at all")
        for name in ("estimated_rewards", "expected_rewards"):
            values = getattr(self, name)
            if values is not None:
                check_length(name, values, len(self.propensities))
                check_values(name, values, np.isfinite(values), "a finite number")

    @property
    def has_reward_model(self) -> bool:
        """Whether there are estimated rewards."""
        return self.estimated_rewards is not None

    def reward_model(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The estimated and the expected rewards; each [R].

        Raises:
            ValueError: There are none.
        """
        if self.estimated_rewards is None or self.expected_rewards is None:
            raise ValueError("this estimator needs a reward model: estimated_rewards and expected_rewards")
        return self.estimated_rewards, self.expected_rewards


def importance_weights(log: LoggedSlots, evaluation: EvaluationPolicy) -> NDArray[np.float64]:
    """w = evaluation propensity / logging propensity of every row; [R] float64.

    Raises:
        ValueError: The policy was asked about another number of rows.
    """
    check_length("evaluation propensities", evaluation.propensities, len(log.rewards))
    return evaluation.propensities / log.propensities


def is_propensity(values: NDArray[np.float64], above: float) -> NDArray[np.bool_]:
    """Whether each value is a probability and above a bound."""
    return (values > above) & (values >= 0) & (values <= 1)


def check_length(name: str, values: NDArray, rows: int) -> None:
    """Raise ValueError unless the array is [rows]."""
    if values.shape != (rows,):
        raise ValueError(f"{name} has shape {list(values.shape)}, expected [{rows}]")


def check_values(name: str, values: NDArray, valid: NDArray[np.bool_], expected: str) -> None:
    """Raise ValueError that names the first row that is not valid."""
    if not valid.all():
        row = int(np.flatnonzero(~valid)[0])
        raise ValueError(f"{name} of row {row} is {values[row]}, expected {expected}")
