"""The ways to fit a calibration, by the names that the configuration uses."""

from collections.abc import Callable

import numpy as np

from trainer.calibration.calibration import Calibration, CalibrationMap
from trainer.calibration.isotonic import fit_isotonic
from trainer.calibration.platt import fit_platt

NONE = "none"
METHODS: dict[str, Callable[[np.ndarray, np.ndarray], CalibrationMap]] = {
    "platt": fit_platt,
    "isotonic": fit_isotonic,
}
"""Name -> fit from probabilities and labels, [N] each."""

LEAST_POSITIVES = 20
"""Labels of the rarer kind below which an objective is left as it is: chance would move it more than a correction would
help."""

LEAST_FOR_A_CURVE = 200
"""Labels of the rarer kind below which the two numbers of Platt scaling stand in for a free curve, which then follows
chance (Niculescu-Mizil and Caruana, "Predicting good probabilities with supervised learning", ICML 2005, section 5)."""


def fit_calibration(method: str, probabilities: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit each objective by itself.

    Args:
        method: `none`, or a name of `METHODS`.
        probabilities: Predicted ones of cases that the ranker did not learn from, [N, O].
        labels: 1 or 0, [N, O].

    Raises:
        ValueError: There is no such method, the shapes differ, or a value is out of range.
    """
    if method != NONE and method not in METHODS:
        raise ValueError(f"there is no calibration {method!r}, only {', '.join((NONE, *METHODS))}")
    if probabilities.shape != labels.shape or probabilities.ndim != 2:
        shapes = f"{list(probabilities.shape)} and {list(labels.shape)}"
        raise ValueError(f"probabilities and labels: shapes {shapes}, expected one [N, O]")
    if method == NONE:
        return Calibration.none(labels.shape[1])
    columns = range(labels.shape[1])
    return Calibration([_fit(method, probabilities[:, column], labels[:, column]) for column in columns])


def _fit(method: str, probabilities: np.ndarray, labels: np.ndarray) -> CalibrationMap | None:
    rarer = min(labels.sum(), len(labels) - labels.sum())
    if rarer < LEAST_POSITIVES:
        return None
    return METHODS["platt" if rarer < LEAST_FOR_A_CURVE else method](probabilities, labels)
