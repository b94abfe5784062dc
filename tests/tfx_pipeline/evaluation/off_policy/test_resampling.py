"""Resampled requests: seeded, and with the spread that theory gives."""

import numpy as np
import pytest

from tfx_pipeline.evaluation import bootstrap
from tfx_pipeline.evaluation.off_policy import (
    EvaluationPolicy,
    InversePropensity,
    LoggedSlots,
    SelfNormalisedInversePropensity,
)
from tfx_pipeline.evaluation.off_policy.resampling import ResampledEstimates, interval_of, resampled_sums


def test_same_seed_same_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((40, 2))
    first = resampled_sums(values, 30, seed=4)
    # Blocks bound the memory; they do not change what is drawn.
    monkeypatch.setattr(bootstrap, "_BLOCK_VALUES", 100)
    np.testing.assert_allclose(resampled_sums(values, 30, seed=4), first)
    assert not np.allclose(resampled_sums(values, 30, seed=5), first)


def test_spread_is_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=(400, 1))
    means = resampled_sums(values, 4000, seed=0)[:, 0] / 400
    assert means.std() == pytest.approx(values.std() / 20, rel=0.05)


def test_whole_requests_are_drawn_and_ratios_normalised_anew() -> None:
    """Two requests: each resample has one of three known values."""
    log = LoggedSlots(np.array([1.0, 0.0, 0.0, 0.0]), np.full(4, 0.5), np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    evaluation = EvaluationPolicy(np.array([1.0, 0.5, 0.25, 0.25]))
    asked = [(item, item.terms(log, evaluation)) for item in (InversePropensity(), SelfNormalisedInversePropensity())]
    drawn = ResampledEstimates.draw(log, asked, rounds=200, seed=0)
    assert set(drawn.values["IPS"]) == {0.0, 1.0, 2.0}
    np.testing.assert_allclose(sorted(set(drawn.values["SNIPS"].round(9))), [0.0, 1.0, 4 / 3], atol=1e-9)
    assert set(drawn.logged) == {0.0, 0.5, 1.0}


def test_one_request_has_no_interval() -> None:
    assert interval_of(np.ones(10), 1, 0.95) is None
    assert interval_of(np.ones(10), 2, 0.95) == (1.0, 1.0)
