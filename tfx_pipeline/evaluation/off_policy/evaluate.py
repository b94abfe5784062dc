"""Off-policy evaluation: every estimator with its intervals and support, and a verdict."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfx_pipeline.evaluation.off_policy.bernstein import empirical_bernstein, possible_width
from tfx_pipeline.evaluation.off_policy.diagnostics import diagnose
from tfx_pipeline.evaluation.off_policy.estimator import Estimator, RoundTerms, estimate
from tfx_pipeline.evaluation.off_policy.logged_slots import EvaluationPolicy, LoggedSlots
from tfx_pipeline.evaluation.off_policy.resampling import Interval, ResampledEstimates, interval_of
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
from tfx_pipeline.evaluation.off_policy.verdict import verdict


def evaluate_policy(
    log: LoggedSlots, evaluation: EvaluationPolicy, settings: OffPolicySettings | None = None
) -> OffPolicyResult:
    """Estimate a policy's mean reward of a request from the log of another, and compare it with the log's own.

    Estimators that need a reward model are left out without one, those of whole slates where all slates have one slot
    (they equal IPS and DR there), and SNIPS where no weight is above 0.

    Args:
        log: What the logging policy showed and earned.
        evaluation: What the other policy would have done with the same rows.
        settings: Defaults where None.

    Raises:
        ValueError: The policy was asked about another number of rows, a reward is outside `reward_range`, or
            `verdict_estimator` is not one of the estimators.
    """
    settings = settings or OffPolicySettings()
    asked = [(estimator, estimator.terms(log, evaluation)) for estimator in estimators(log, evaluation, settings)]
    asked = [(estimator, terms) for estimator, terms in asked if _has_value(estimator, terms)]
    resamples = ResampledEstimates.draw(log, asked, settings.rounds, settings.seed)
    rows = tuple(_row(estimator, terms, log, evaluation, resamples, settings) for estimator, terms in asked)
    judge = _judge(rows, evaluation, settings)
    logged = float(log.rewards.sum() / log.request_count)
    difference = resamples.values[judge.name] - resamples.logged
    difference_interval = interval_of(difference, log.request_count, settings.level)
    return OffPolicyResult(
        logged_value=logged,
        logged_interval=interval_of(resamples.logged, log.request_count, settings.level),
        rows=rows,
        estimator=judge.name,
        difference=judge.value - logged,
        difference_interval=difference_interval,
        verdict=verdict(difference_interval, judge.diagnostics, settings),
    )


def estimators(log: LoggedSlots, evaluation: EvaluationPolicy, settings: OffPolicySettings) -> list[Estimator]:
    """The estimators that have all they need."""
    every: list[Estimator] = [
        DirectMethod(),
        InversePropensity(),
        SelfNormalisedInversePropensity(),
        DoublyRobust(),
        SwitchDoublyRobust(settings.tau),
        ShrunkDoublyRobust(settings.shrinkage),
    ]
    if log.slate_length > 1:
        every += [WholeSlateInversePropensity(), CascadeInversePropensity(), CascadeDoublyRobust()]
    return [estimator for estimator in every if evaluation.has_reward_model or not estimator.needs_reward_model]


def _has_value(estimator: Estimator, terms: RoundTerms) -> bool:
    return not estimator.is_self_normalised or bool(terms.weights.any())


def _row(
    estimator: Estimator,
    terms: RoundTerms,
    log: LoggedSlots,
    evaluation: EvaluationPolicy,
    resamples: ResampledEstimates,
    settings: OffPolicySettings,
) -> EstimatorRow:
    return EstimatorRow(
        name=estimator.name,
        value=estimate(estimator, log, evaluation),
        bootstrap=interval_of(resamples.values[estimator.name], log.request_count, settings.level),
        # The bound is one of a mean; a self-normalised estimate is a ratio of two.
        bernstein=None if estimator.is_self_normalised else _bernstein(terms, log, settings),
        diagnostics=diagnose(log, terms),
    )


def _bernstein(terms: RoundTerms, log: LoggedSlots, settings: OffPolicySettings) -> Interval | None:
    clipped = replace(terms, weights=np.minimum(terms.weights, settings.weight_clip))
    reward_range = settings.reward_range or (float(log.rewards.min()), float(log.rewards.max()))
    width = possible_width(clipped, log, reward_range)
    return empirical_bernstein(log.sums(clipped.values(log.rewards)), width, settings.level)


def _judge(rows: Sequence[EstimatorRow], evaluation: EvaluationPolicy, settings: OffPolicySettings) -> EstimatorRow:
    by_name = {row.name: row for row in rows}
    if settings.verdict_estimator is None:
        preferred = DoublyRobust.name if evaluation.has_reward_model else SelfNormalisedInversePropensity.name
        return by_name.get(preferred, by_name[InversePropensity.name])
    if settings.verdict_estimator not in by_name:
        raise ValueError(f"verdict_estimator is {settings.verdict_estimator!r}, expected one of {', '.join(by_name)}")
    return by_name[settings.verdict_estimator]
