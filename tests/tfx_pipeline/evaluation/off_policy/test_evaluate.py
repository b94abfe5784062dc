"""The whole evaluation: what stands in its table, its verdicts, and its way through JSON."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.evaluation.off_policy import (
    EvaluationPolicy,
    LoggedSlots,
    OffPolicyResult,
    OffPolicySettings,
    evaluate_policy,
)

SLOT_ROWS = ["DM", "IPS", "SNIPS", "DR", "Switch-DR", "DRos"]
FEW = OffPolicySettings(rounds=200)


def single_slots(requests: int, click_rates: list[float], seed: int = 0) -> tuple[LoggedSlots, np.ndarray]:
    """A uniform log of items with these click rates, and the item of each row."""
    random = np.random.default_rng(seed)
    items = random.integers(len(click_rates), size=requests)
    clicks = (random.random(requests) < np.array(click_rates)[items]).astype(float)
    numbers = np.arange(requests)
    return LoggedSlots(clicks, np.full(requests, 1 / len(click_rates)), np.zeros(requests, int), numbers), items


def shows(shares: list[float], items: np.ndarray) -> EvaluationPolicy:
    return EvaluationPolicy(np.array(shares)[items])


def test_rows(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    result = evaluate_policy(log, evaluation, FEW)
    assert [row.name for row in result.rows] == [*SLOT_ROWS, "whole-slate IPS", "cascade IPS", "cascade DR"]
    assert (result.estimator, result.logged_value) == ("DR", 1.5)
    assert [row.name for row in result.rows if row.bernstein is None] == ["SNIPS"]
    without_model = evaluate_policy(log, EvaluationPolicy(evaluation.propensities), FEW)
    assert [row.name for row in without_model.rows] == ["IPS", "SNIPS", "whole-slate IPS", "cascade IPS"]
    assert without_model.estimator == "SNIPS"
    assert without_model.row("IPS") == result.row("IPS")
    with pytest.raises(KeyError, match="there is no estimator 'DM', only IPS"):
        without_model.row("DM")


@pytest.mark.parametrize(
    ("shares", "outcome"),
    [([0.8, 0.1, 0.1], "better"), ([0.1, 0.45, 0.45], "worse"), ([1 / 3, 0.5, 1 / 6], "cannot tell")],
)
def test_verdicts(shares: list[float], outcome: str) -> None:
    log, items = single_slots(2000, [0.5, 0.1, 0.1])
    result = evaluate_policy(log, shows(shares, items), FEW)
    assert result.verdict.outcome == outcome
    assert result.difference == result.row("SNIPS").value - result.logged_value
    truth = float(np.dot(shares, [0.5, 0.1, 0.1]))
    low, high = result.row("IPS").bernstein or (0, 0)
    assert low <= truth <= high


def test_an_effective_sample_size_of_two_is_refused() -> None:
    """A clear win on paper: the two requests in which the rare item was shown both clicked."""
    requests = 1000
    propensities, rewards = np.full(requests, 0.999), np.zeros(requests)
    propensities[:2], rewards[:2] = 0.002, 1.0
    log = LoggedSlots(rewards, propensities, np.zeros(requests, int), np.arange(requests))
    result = evaluate_policy(log, EvaluationPolicy(np.where(np.arange(requests) < 2, 1.0, 0.0)), FEW)
    assert result.row("SNIPS").value == 1.0
    assert result.diagnostics.effective_sample_size == pytest.approx(2.0)
    assert result.verdict.outcome == "cannot tell"
    assert result.verdict.reason.startswith("weak support: the effective sample size is 2.0 of 1000 requests")


def test_no_logged_item_is_shown(log: LoggedSlots) -> None:
    result = evaluate_policy(log, EvaluationPolicy(np.zeros(6)), FEW)
    assert result.estimator == "IPS"
    assert result.verdict.outcome == "cannot tell"


def test_the_verdict_asks_the_estimator_that_is_named(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    result = evaluate_policy(log, evaluation, dataclasses.replace(FEW, verdict_estimator="cascade DR"))
    assert result.estimator == "cascade DR"
    with pytest.raises(ValueError, match="^verdict_estimator is 'XX', expected one of DM, IPS, SNIPS"):
        evaluate_policy(log, evaluation, dataclasses.replace(FEW, verdict_estimator="XX"))


def test_clipping_lowers_the_bernstein_interval_alone() -> None:
    log, items = single_slots(500, [0.5, 0.1, 0.1, 0.1, 0.1])
    policy = shows([0.9, 0.025, 0.025, 0.025, 0.025], items)
    plain, clipped = (evaluate_policy(log, policy, dataclasses.replace(FEW, weight_clip=clip)) for clip in (9.0, 1.0))
    assert plain.row("IPS").value == clipped.row("IPS").value
    low, high = plain.row("IPS").bernstein or (0, 0)
    clipped_low, clipped_high = clipped.row("IPS").bernstein or (0, 0)
    assert clipped_high - clipped_low < high - low
    assert clipped_low <= plain.row("IPS").value


def test_json(log: LoggedSlots, evaluation: EvaluationPolicy) -> None:
    result = evaluate_policy(log, evaluation, FEW)
    assert OffPolicyResult.from_json(result.to_json()) == result


def test_one_request() -> None:
    log = LoggedSlots(np.ones(1), np.ones(1), np.zeros(1, int), np.zeros(1, int))
    result = evaluate_policy(log, EvaluationPolicy(np.ones(1)), FEW)
    assert result.logged_interval is None
    assert {(row.bootstrap, row.bernstein) for row in result.rows} == {(None, None)}
    assert OffPolicyResult.from_json(result.to_json()) == result


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), slots=st.integers(1, 3))
def test_the_order_of_rows_does_not_matter(seed: int, slots: int) -> None:
    random = np.random.default_rng(seed)
    rows = 4 * slots
    log = (
        random.random(rows),
        random.uniform(0.1, 1, rows),
        np.tile(np.arange(slots), 4),
        np.repeat(np.arange(4), slots),
    )
    policy = tuple(random.random(rows) for _ in range(3))
    order = random.permutation(rows)
    few = OffPolicySettings(rounds=5)
    first = evaluate_policy(LoggedSlots(*log), EvaluationPolicy(*policy), few)
    mixed = evaluate_policy(
        LoggedSlots(*(values[order] for values in log)), EvaluationPolicy(*(values[order] for values in policy)), few
    )
    for one, other in zip(first.rows, mixed.rows, strict=True):
        assert dataclasses.astuple(one)[1] == pytest.approx(dataclasses.astuple(other)[1])
        assert one.bootstrap == pytest.approx(other.bootstrap)
