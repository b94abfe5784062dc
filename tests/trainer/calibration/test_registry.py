import numpy as np
import pytest

from trainer.calibration.isotonic import Isotonic
from trainer.calibration.platt import Platt
from trainer.calibration.registry import LEAST_POSITIVES, METHODS, fit_calibration


def rows(positives: int, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    return np.linspace(0.01, 0.99, count)[:, None], (np.arange(count) >= count - positives).astype(float)[:, None]


@pytest.mark.parametrize(("method", "kind"), [("platt", Platt), ("isotonic", Isotonic)])
def test_every_method_has_its_map(method: str, kind: type) -> None:
    assert isinstance(fit_calibration(method, *rows(300, 900)).maps[0], kind)
    assert method in METHODS


def test_few_labels_do_not_make_a_curve() -> None:
    fitted = [fit_calibration("isotonic", *rows(positives, 900)).maps[0] for positives in (199, 200, 700, 701)]
    assert [type(each) for each in fitted] == [Platt, Isotonic, Isotonic, Platt]


@pytest.mark.parametrize("positives", [0, LEAST_POSITIVES - 1, 200 - LEAST_POSITIVES + 1, 200])
def test_an_objective_with_few_labels_of_a_kind_is_left(positives: int) -> None:
    assert fit_calibration("platt", *rows(positives)).maps == (None,)


def test_objectives_are_fitted_by_themselves() -> None:
    (predicted, enough), (_, few) = rows(300, 900), rows(3, 900)
    fitted = fit_calibration("isotonic", np.hstack([predicted, predicted]), np.hstack([few, enough]))
    assert fitted.maps[0] is None
    assert isinstance(fitted.maps[1], Isotonic)


def test_none_and_no_rows_leave_everything() -> None:
    assert fit_calibration("none", *rows(50)).maps == (None,)
    assert fit_calibration("platt", np.zeros((0, 2)), np.zeros((0, 2))).maps == (None, None)


@pytest.mark.parametrize(
    ("method", "shape", "message"),
    [
        ("beta", (3, 1), "there is no calibration 'beta', only none, platt, isotonic"),
        ("platt", (2, 1), r"probabilities and labels: shapes \[3, 1\] and \[2, 1\], expected one \[N, O\]"),
    ],
)
def test_bad_arguments(method: str, shape: tuple[int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_calibration(method, np.full((3, 1), 0.5), np.zeros(shape))
