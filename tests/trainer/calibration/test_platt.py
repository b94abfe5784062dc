import numpy as np
import pytest
from scipy.optimize import minimize

from trainer.calibration.platt import Platt, fit_platt


def drawn(slope: float, intercept: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels that come with sigmoid(slope * log-odds + intercept)."""
    random = np.random.default_rng(0)
    log_odds = random.normal(-2, 1.5, rows)
    true = 1 / (1 + np.exp(-(slope * log_odds + intercept)))
    return 1 / (1 + np.exp(-log_odds)), (random.random(rows) < true).astype(float)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.5, -1.0), (2.0, 1.5)])
def test_the_curve_behind_the_labels_is_found(slope: float, intercept: float) -> None:
    fitted = fit_platt(*drawn(slope, intercept))
    assert (fitted.slope, fitted.intercept) == pytest.approx((slope, intercept), abs=0.1)


def test_it_is_the_optimum_of_platts_likelihood() -> None:
    predicted, labels = drawn(0.7, 0.4, rows=300)
    positives, rows = labels.sum(), len(labels)
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (rows - positives + 2))
    log_odds = np.log(predicted / (1 - predicted))

    def loss(weights: np.ndarray) -> float:
        p = 1 / (1 + np.exp(-(weights[0] * log_odds + weights[1])))
        return float(-(target * np.log(p) + (1 - target) * np.log(1 - p)).sum())

    best = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}).x
    fitted = fit_platt(predicted, labels)
    assert (fitted.slope, fitted.intercept) == pytest.approx(tuple(best), abs=1e-6)


def test_probabilities_that_are_upside_down_keep_their_order() -> None:
    predicted, labels = drawn(-1.0, 0.0)
    fitted = fit_platt(predicted, labels)
    assert fitted.slope > 0
    assert (np.diff(fitted(np.sort(predicted))) > 0).all()
    # Nothing is said of single rows, but the level is right.
    assert fitted(predicted).mean() == pytest.approx(labels.mean(), abs=0.01)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_labels_of_one_kind_change_nothing(label: float) -> None:
    assert fit_platt([0.2, 0.7], [label, label]) == Platt(1.0, 0.0)


@pytest.mark.parametrize(
    ("predicted", "labels", "message"),
    [
        ([0.1, 0.2], [1.0], r"probabilities and labels: shapes \(2,\) and \(1,\), expected one \[N\]"),
        ([0.1, 1.2], [1, 0], r"probabilities: row 1 is 1.2, outside \[0, 1\]"),
        ([float("nan"), 0.2], [1, 0], r"probabilities: row 0 is nan, outside \[0, 1\]"),
        ([0.1, 0.2], [1, 2], "labels: row 1 is 2.0, not 0 or 1"),
    ],
)
def test_rows_that_cannot_be_fitted(predicted: list[float], labels: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_platt(predicted, labels)
