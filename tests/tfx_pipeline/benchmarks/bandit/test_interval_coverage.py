"""Coverage of intervals on generated logs; the benchmark asks 200 logs of more requests."""

import pytest

from tfx_pipeline.benchmarks.bandit import interval_coverage
from tfx_pipeline.benchmarks.bandit.interval_coverage import BIASED, Coverage, coverage_figures


def test_coverage_counts() -> None:
    coverage = Coverage()
    for interval in ((0.0, 1.0), (0.6, 1.0), None, (0.5, 0.5)):
        coverage.add(interval, truth=0.5)
    assert (coverage.share, coverage.count, coverage.width) == (2 / 3, 3, 1.4)


def test_intervals_hold_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REQUESTS", 300), ("ROUNDS", 100)):
        monkeypatch.setattr(interval_coverage, name, value)
    figures = {figure.name: figure for figure in coverage_figures(logs=60)}
    assert len(figures) == 2 * 9 - 1
    # 60 logs are few, and 300 requests are for products of weights; the sure bound holds all the same.
    assert all((figure.value or 0) >= 0.8 for figure in figures.values())
    assert all(figure.met for name, figure in figures.items() if name.startswith("Bernstein"))


def test_a_wrong_reward_model_misleads_the_direct_method(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REQUESTS", 500), ("ROUNDS", 50)):
        monkeypatch.setattr(interval_coverage, name, value)
    assert "DM" in BIASED
    found = interval_coverage.interval_coverage(10, model_error=0.3)
    assert found["DM"]["bootstrap"].share < 0.5
