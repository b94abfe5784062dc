"""Estimators that look at several slots of a slate together.

The weight of several slots is the product of their weights. That product is the ratio of the probabilities of these
items together if both policies fill the slots independently given the request, or if the logged propensity of a slot
is the one given the items above it. With the propensities that `recommend` returns (of each slot by itself) it is an
approximation for policies that sample without replacement; the estimators of `slot_estimators` are exact there.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tfx_pipeline.evaluation.off_policy.estimator import RoundTerms
from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy, LoggedSlots, importance_weights
from tfx_pipeline.evaluation.off_policy.slot_estimators import weighted_reward


@dataclass(frozen=True)
class WholeSlateInversePropensity:
    """(product of the w of all slots) r: assumes nothing, so its weights grow with the slate (Precup et al. 2000)."""

    name: ClassVar[str] = "whole-slate IPS"
    needs_reward_model: ClassVar[bool] = False
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        prefixes = log.products_up_to(importance_weights(log, evaluation))
        rows = log.by_request
        is_last = np.diff(log.requests[rows], append=np.nan) != 0
        return weighted_reward(prefixes[rows][is_last][log.request_rows])


@dataclass(frozen=True)
class CascadeInversePropensity:
    """(product of the w of the slots up to this one) r: people read from the top (RIPS, McInerney et al. 2020)."""

    name: ClassVar[str] = "cascade IPS"
    needs_reward_model: ClassVar[bool] = False
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        return weighted_reward(log.products_up_to(importance_weights(log, evaluation)))


@dataclass(frozen=True)
class CascadeDoublyRobust:
    """W' E[q] + W (r - q), W the product of the w up to this slot, W' up to the one above (Kiyohara et al. 2022, 3.1).

    The q of a slot may depend on the items above it. Any q leaves the estimate unbiased; a good one takes noise away.
    """

    name: ClassVar[str] = "cascade DR"
    needs_reward_model: ClassVar[bool] = True
    is_self_normalised: ClassVar[bool] = False

    def terms(self, log: LoggedSlots, evaluation: EvaluationPolicy) -> RoundTerms:
        """See `Estimator`."""
        weights = log.products_up_to(importance_weights(log, evaluation))
        estimated, expected = evaluation.reward_model()
        return RoundTerms(log.shifted_down(weights, first=1.0) * expected, weights, estimated, weights)
