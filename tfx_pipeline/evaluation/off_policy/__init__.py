"""What a policy would have earned, from the log of another: estimates, intervals, support and a verdict.

`evaluate_policy` does all of it; the estimators can be used by themselves with `estimate`. See docs/off_policy.md.
"""

from tfx_pipeline.evaluation.off_policy.bernstein import empirical_bernstein
from tfx_pipeline.evaluation.off_policy.diagnostics import Diagnostics
from tfx_pipeline.evaluation.off_policy.estimator import Estimator, estimate, round_values
from tfx_pipeline.evaluation.off_policy.evaluate import evaluate_policy
from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy, LoggedSlots
from tfx_pipeline.evaluation.off_policy.result import EstimatorRow, OffPolicyResult
from tfx_pipeline.evaluation.off_policy.settings import OffPolicySettings
from tfx_pipeline.evaluation.off_policy.slate_estimators import (
    CascadeDoublyRobust,
    CascadeInversePropensity,
    WholeSlateInversePropensity,
)
from tfx_pipeline.evaluation.off_policy.slot_estimators import (
    DirectMethod,
    DoublyRobust,
    InversePropensity,
    SelfNormalisedInversePropensity,
    ShrunkDoublyRobust,
    SwitchDoublyRobust,
)
from tfx_pipeline.evaluation.off_policy.verdict import Verdict, verdict

__all__ = [
    "CascadeDoublyRobust",
    "CascadeInversePropensity",
    "Diagnostics",
    "DirectMethod",
    "DoublyRobust",
    "Estimator",
    "EstimatorRow",
    "EvaluationPolicy",
    "InversePropensity",
    "LoggedSlots",
    "OffPolicyResult",
    "OffPolicySettings",
    "SelfNormalisedInversePropensity",
    "ShrunkDoublyRobust",
    "SwitchDoublyRobust",
    "Verdict",
    "WholeSlateInversePropensity",
    "empirical_bernstein",
    "estimate",
    "evaluate_policy",
    "round_values",
    "verdict",
]
