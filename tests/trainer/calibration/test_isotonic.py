import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from trainer.calibration.isotonic import OWN_SHARE, fit_isotonic, pool_adjacent_violators

ROWS = st.lists(st.tuples(st.integers(0, 40).map(lambda place: place / 40), st.booleans()), min_size=1, max_size=60)


def pooled_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    pools = pool_adjacent_violators(values, weights)
    means = np.bincount(pools, values * weights) / np.bincount(pools, weights)
    return means[pools]


def test_the_pools_of_an_example() -> None:
    values, weights = np.array([1.0, 3.0, 2.0, 2.0, 5.0, 4.0]), np.array([1.0, 1.0, 2.0, 1.0, 1.0, 3.0])
    assert pool_adjacent_violators(values, weights).tolist() == [0, 1, 1, 1, 2, 2]
    np.testing.assert_allclose(pooled_means(values, weights), [1, 2.25, 2.25, 2.25, 4.25, 4.25])


def test_the_pools_minimise_the_weighted_squares() -> None:
    random = np.random.default_rng(1)
    values, weights = random.normal(size=8) + np.arange(8) * 0.2, random.uniform(0.5, 2, 8)
    increasing = [{"type": "ineq", "fun": lambda fit: np.diff(fit)}]
    start, precise = np.sort(values), {"ftol": 1e-14, "maxiter": 1000}
    found = minimize(lambda fit: (weights * (fit - values) ** 2).sum(), start, constraints=increasing, options=precise)
    np.testing.assert_allclose(pooled_means(values, weights), found.x, atol=1e-5)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(ROWS)
def test_the_curve_never_ties_and_never_turns(rows: list[tuple[float, bool]]) -> None:
    predicted, labels = np.array([place for place, _ in rows]), np.array([float(hit) for _, hit in rows])
    fitted = fit_isotonic(predicted, labels)
    values = fitted(np.linspace(0, 1, 501))
    assert (np.diff(values) > 0).all()
    assert (values[0], values[-1]) == pytest.approx((0.0, 1.0))


def test_a_curve_goes_through_the_shares_of_its_pools_and_of_twenty_rows_as_predicted() -> None:
    predicted = np.repeat([0.2, 0.4, 0.6, 0.8], 10)
    labels = np.concatenate([np.arange(10) < hits for hits in (1, 4, 2, 9)]).astype(float)
    fitted = fit_isotonic(predicted, labels)
    np.testing.assert_allclose(fitted.knots, [0, 0.2, 0.5, 0.8, 1], atol=1e-7)
    levels = np.array([(1 + 20 * 0.2) / 30, (6 + 20 * 0.5) / 40, (9 + 20 * 0.8) / 30])
    np.testing.assert_allclose(fitted.levels, [0, *levels, 1])
    expected = (1 - OWN_SHARE) * levels + OWN_SHARE * np.array([0.2, 0.5, 0.8])
    np.testing.assert_allclose(fitted([0.2, 0.5, 0.8]), expected, atol=1e-6)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_kind_change_nothing(label: float) -> None:
    np.testing.assert_allclose(fit_isotonic([0.2, 0.7], [label, label])([0.1, 0.5]), [0.1, 0.5])


def test_one_lucky_row_at_the_top_makes_nothing_sure() -> None:
    """Whatever happens in one row of the largest prediction, what lies above it stays near its prediction."""
    random = np.random.default_rng(0)
    predicted = np.append(random.uniform(0, 0.29, 2000), 0.3)
    labels = np.append(random.random(2000) < predicted[:-1] / 3, 1.0).astype(float)
    assert fit_isotonic(predicted, labels)([0.35])[0] < 0.45
