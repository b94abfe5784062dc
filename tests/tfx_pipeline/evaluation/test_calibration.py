import numpy as np
import pytest
from scipy.stats import binomtest

from tfx_pipeline.evaluation.calibration import ReliabilityBin, equal_count_bins, reliability_bins, wilson_interval


def test_bins_hold_about_as_many_rows_each() -> None:
    probabilities = np.random.default_rng(0).random(1003)
    bins = equal_count_bins(probabilities, 10)
    assert set(np.bincount(bins).tolist()) == {100, 101}
    order = np.argsort(probabilities)
    assert (np.diff(bins[order]) >= 0).all()


@pytest.mark.parametrize(
    ("probabilities", "bins", "expected"),
    [
        ([0.3, 0.1, 0.2, 0.4], 2, [1, 0, 0, 1]),
        ([0.1, 0.1, 0.1, 0.9], 2, [0, 0, 0, 1]),
        ([0.1, 0.9, 0.9, 0.9], 2, [0, 1, 1, 1]),
        ([0.5, 0.5], 10, [0, 0]),
        ([0.2, 0.7], 10, [0, 1]),
        ([0.2, 0.7], 1, [0, 0]),
        ([], 10, []),
    ],
)
def test_equal_probabilities_share_a_bin(probabilities: list[float], bins: int, expected: list[int]) -> None:
    assert equal_count_bins(np.array(probabilities), bins).tolist() == expected


def test_a_reliability_diagram() -> None:
    labels, probabilities = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.2, 0.4, 0.8, 0.9])
    points = reliability_bins(labels, probabilities, np.array([0, 0, 1, 1]))
    assert points == (
        ReliabilityBin(2, pytest.approx(0.3), 0.5, *wilson_interval(1, 2)),
        ReliabilityBin(2, pytest.approx(0.85), 1.0, *wilson_interval(2, 2)),
    )


@pytest.mark.parametrize(("positives", "rows"), [(0, 5), (3, 10), (10, 10), (481, 1000)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_wilson_intervals_are_those_of_scipy(positives: int, rows: int, level: float) -> None:
    expected = binomtest(positives, rows).proportion_ci(level, method="wilson")
    assert wilson_interval(positives, rows, level) == pytest.approx((expected.low, expected.high), abs=1e-12)
