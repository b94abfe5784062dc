"""How much each policy of the served model explores, measured on sample users."""

import numpy as np

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.rankings import PAD
from tfx_pipeline.run_details import Exploration
from tfx_pipeline.served_ranker import ServedRanker

ALWAYS_MEASURED = "thompson"
SAMPLE_USERS = 200
LOW_PROPENSITY = 0.01


def measure_exploration(
    served: ServedRanker, cases: EvaluationCases, k: int, default_policy: str, seed: int
) -> tuple[Exploration, ...]:
    """Ask users drawn at random for a slate by Thompson sampling and by the default policy, beside the greedy one.

    Nothing is measured where there is no slate.

    Args:
        served: The model.
        cases: Users with their histories.
        k: Slots of a slate.
        default_policy: Policy of requests that name none.
        seed: Seed of the sample.
    """
    sample = cases.sample(SAMPLE_USERS, seed)
    if not len(sample):
        return ()
    greedy = served.slates(sample, k).items
    if (greedy == PAD).all():
        return ()
    policies = dict.fromkeys([ALWAYS_MEASURED, *({default_policy} - {"greedy"})])
    return tuple(_measured(served, sample, greedy, policy, policy == default_policy) for policy in policies)


def _measured(
    served: ServedRanker, sample: EvaluationCases, greedy: np.ndarray, policy: str, is_default: bool
) -> Exploration:
    slates = served.slates(sample, greedy.shape[1], policy)
    filled = slates.items != PAD
    propensities = slates.propensities[filled]
    return Exploration(
        policy=policy,
        is_default=is_default,
        users=len(sample),
        slots=int(filled.sum()),
        explored_share=float(np.mean((slates.items != greedy)[filled])),
        median_propensity=float(np.median(propensities)),
        low_propensity_share=float(np.mean(propensities < LOW_PROPENSITY)),
        low_propensity=LOW_PROPENSITY,
    )
