"""How much a log says about another policy."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.evaluation.off_policy.estimator import RoundTerms
from tfx_pipeline.evaluation.off_policy.logged_slots import LoggedSlots


@dataclass(frozen=True)
class Diagnostics:
    """Support of an estimate by a log.

    Attributes:
        requests: Requests of the log.
        rewarded_requests: Requests that earned something and have weight.
        effective_sample_size: Equally weighted requests that would be worth as much: (sum of w)^2 / sum of w^2, w the
            mean weight of a request's slots (Kong 1992).
        mean_weight: Mean weight of the rows; 1 is expected.
        maximum_weight: Largest weight of a row.
        maximum_weight_share: That weight over the sum of all weights; 1 where there is no weight at all.
    """

    requests: int
    rewarded_requests: int
    effective_sample_size: float
    mean_weight: float
    maximum_weight: float
    maximum_weight_share: float


def diagnose(log: LoggedSlots, terms: RoundTerms) -> Diagnostics:
    """Judge the importance weights of an estimator on a log."""
    weights = terms.importance
    per_request = log.sums(weights) / log.sums(np.ones_like(weights))
    total, squares = weights.sum(), (per_request**2).sum()
    rewarded = log.sums(((log.rewards != 0) & (weights > 0)).astype(np.float64)) > 0
    return Diagnostics(
        requests=log.request_count,
        rewarded_requests=int(rewarded.sum()),
        effective_sample_size=float(per_request.sum() ** 2 / squares) if squares > 0 else 0.0,
        mean_weight=float(weights.mean()),
        maximum_weight=float(weights.max()),
        maximum_weight_share=float(weights.max() / total) if total > 0 else 1.0,
    )
