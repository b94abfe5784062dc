"""What all off-policy estimators have in common: a control, a weight, and the reward less a baseline."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy, LoggedSlots


@dataclass(frozen=True, eq=False)
class RoundTerms:
    """The parts of an estimator's value for every row: control + weight x (reward - baseline).

    Attributes:
        control: What is counted without looking at the reward; [R] float64.
        weights: Weight of the rest; [R] float64, at least 0.
        baseline: What the reward is compared with; [R] float64.
        importance: Weights before any shrinking or switching, by which support is judged; [R] float64.
    """

    control: NDArray[np.float64]
    weights: NDArray[np.float64]
    baseline: NDArray[np.float64]
    importance: NDArray[np.float64]

    def values(self, rewards: NDArray[np.float64]) -> NDArray[np.float64]:
        """The value of every row; [R] float64."""
        return self.control + self.weights * (rewards - self.baseline)


class Estimator(Protocol):
    """An off-policy estimator of the mean reward of a request, which is the sum over its slots.

    Attributes:
        name: As it stands in tables.
        needs_reward_model: Whether it reads the estimated and expected rewards.
        is_self_normalised: Whether the weights are divided by their mean, so that the estimate is a ratio.
    """

    name: ClassVar[str]
    needs_reward_model: ClassVar[bool]
    is_self_normalised: ClassVar[bool]

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """The parts of the value of every row.

        Raises:
            ValueError: The reward model that it needs is missing.
        """
        ...


def round_values(estimator: Estimator, log: LoggedSlots, evaluation: EvaluationPolicy) -> NDArray[np.float64]:
    """What every row adds to the estimate; [R] float64. Their sum over the number of requests is the estimate."""
    terms = estimator.terms(log, evaluation)
    values = terms.values(log.rewards)
    if estimator.is_self_normalised:
        values = values / mean_weight_of(terms)
    return values


def estimate(estimator: Estimator, log: LoggedSlots, evaluation: EvaluationPolicy) -> float:
    """The estimated mean reward of a request under the evaluation policy.

    Raises:
        ValueError: The reward model that the estimator needs is missing, or all its weights are 0 where it divides by
            their mean.
    """
    return float(round_values(estimator, log, evaluation).sum() / log.request_count)


def mean_weight_of(terms: RoundTerms) -> float:
    """The mean weight of the rows, above 0.

    Raises:
        ValueError: It is 0.
    """
    mean = float(terms.weights.mean())
    if mean <= 0:
        raise ValueError("the evaluation policy shows none of the logged items: every weight is 0")
    return mean
