"""Estimators that look at every slot by itself.

In a slate this is the independent click model: what an item earns depends on its slot, not on the items around it.
Notation: w = evaluation propensity / logging propensity, r the reward, q the estimated reward of the logged item,
E[q] the expected estimated reward of the evaluation policy in the slot. The value is the sum over rows divided by the
number of requests.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.off_policy.estimator import RoundTerms
from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy, LoggedSlots, importance_weights


@dataclass(frozen=True)
class DirectMethod:
    """E[q]: believe the reward model (Beygelzimer and Langford 2009, "The Offset Tree"). Biased as the model is."""

    name: ClassVar[str] = "DM"
    needs_reward_model: ClassVar[bool] = True
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        weights = importance_weights(log, evaluation)
        _, expected = evaluation.reward_model()
        zeros = np.zeros_like(weights)
        return RoundTerms(expected, zeros, zeros, weights)


@dataclass(frozen=True)
class InversePropensity:
    """w r: unbiased where the logging policy can show all that the other shows (Horvitz and Thompson 1952).

    Summed over the slots of a slate it is IIPS, the independent estimator of Li et al. 2018, "Offline Evaluation of
    Ranking Policies with Click Models", section 4.
    """

    name: ClassVar[str] = "IPS"
    needs_reward_model: ClassVar[bool] = False
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        return weighted_reward(importance_weights(log, evaluation))


@dataclass(frozen=True)
class SelfNormalisedInversePropensity:
    """w r / mean(w): less noise than IPS for a bias that vanishes with the log (Swaminathan and Joachims 2015)."""

    name: ClassVar[str] = "SNIPS"
    needs_reward_model: ClassVar[bool] = False
    is_self_normalised: ClassVar[bool] = True

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        return weighted_reward(importance_weights(log, evaluation))


@dataclass(frozen=True)
class DoublyRobust:
    """E[q] + w (r - q): right if the propensities or the reward model are (Dudik et al. 2014, equation 3.1)."""

    name: ClassVar[str] = "DR"
    needs_reward_model: ClassVar[bool] = True
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        weights = importance_weights(log, evaluation)
        return _doubly_robust(weights, weights, evaluation)


@dataclass(frozen=True)
class SwitchDoublyRobust:
    """E[q] + w [w <= tau] (r - q): the reward model alone where the weight is large (Wang et al. 2017, section 4).

    Attributes:
        tau: Largest weight that is used, at least 0; infinity gives DR, 0 the direct method where w > 0.
    """

    tau: float = 10.0

    name: ClassVar[str] = "Switch-DR"
    needs_reward_model: ClassVar[bool] = True
    is_self_normalised: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_hyperparameter("tau", self.tau)

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        weights = importance_weights(log, evaluation)
        return _doubly_robust(np.where(weights <= self.tau, weights, 0.0), weights, evaluation)


@dataclass(frozen=True)
class ShrunkDoublyRobust:
    """E[q] + lambda w / (w^2 + lambda) (r - q): optimistic shrinkage (Su et al. 2020, equation 8).

    Attributes:
        shrinkage: lambda, at least 0; infinity gives DR, 0 the direct method.
    """

    shrinkage: float = 100.0

    name: ClassVar[str] = "DRos"
    needs_reward_model: ClassVar[bool] = True
    is_self_normalised: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _check_hyperparameter("shrinkage", self.shrinkage)

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        weights = importance_weights(log, evaluation)
        return _doubly_robust(self._shrunk(weights), weights, evaluation)

    def _shrunk(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if math.isinf(self.shrinkage):
            return weights
        if self.shrinkage == 0:
            return np.zeros_like(weights)
        return self.shrinkage * weights / (weights**2 + self.shrinkage)


def weighted_reward(weights: NDArray[np.float64]) -> RoundTerms:
    """The parts of weight x reward."""
    zeros = np.zeros_like(weights)
    return RoundTerms(zeros, weights, zeros, weights)


def _doubly_robust(
    weights: NDArray[np.float64], importance: NDArray[np.float64], evaluation: EvaluationPolicy
) -> RoundTerms:
    estimated, expected = evaluation.reward_model()
    return RoundTerms(expected, weights, estimated, importance)


def _check_hyperparameter(name: str, value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is {value}, expected at least 0")
