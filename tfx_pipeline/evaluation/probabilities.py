"""How good predicted probabilities are: order, calibration and decisions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.area_under_curve import resampled_auc
from tfx_pipeline.evaluation.bootstrap import Interval, bootstrap_counts, percentile_interval, resampled_sums
from tfx_pipeline.evaluation.calibration import ReliabilityBin, equal_count_bins, reliability_bins

PROBABILITY_METRICS = ("AUC", "LogLoss", "Brier", "CalibrationError", "CalibrationRatio", "Accuracy", "F1")
"""Names of the metrics; `score_probabilities` defines them."""

_SMALLEST_PROBABILITY = 1e-15


@dataclass(frozen=True)
class ProbabilityScores:
    """The scores of one objective's probabilities.

    Attributes:
        objective: Name of what is predicted, such as `click`.
        rows: Number of rows.
        positives: Rows with label 1.
        metrics: Metric -> value; None where it is not defined.
        intervals: Metric -> bootstrap interval over users; None below two users or where the metric is None.
        reliability: Bins in order of the predicted probability.
    """

    objective: str
    rows: int
    positives: int
    metrics: dict[str, float | None]
    intervals: dict[str, Interval | None]
    reliability: tuple[ReliabilityBin, ...]


def score_probabilities(
    objective: str,
    labels: NDArray[Any],
    probabilities: NDArray[np.floating[Any]],
    users: NDArray[np.integer[Any]],
    rounds: int,
    seed: int,
    threshold: float = 0.5,
    bins: int = 10,
) -> ProbabilityScores:
    """Score predicted probabilities against what happened.

    - `AUC`: chance that a random row with label 1 gets a larger probability than one with label 0, ties at half; None
      with one class only.
    - `LogLoss`: mean of -log of the probability of the label that came, in nats, with probabilities kept 1e-15 away
      from 0 and 1.
    - `Brier`: mean squared difference of probability and label (Brier, Monthly Weather Review 1950, two classes).
    - `CalibrationError`: mean over rows of |mean probability - share of label 1| in the row's bin, with bins of about
      equal count (expected calibration error; Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities
      using Bayesian binning", AAAI 2015, whose bins are of equal width).
    - `CalibrationRatio`: sum of probabilities / number of labels 1; None without one. It is 1 where the probabilities
      are right on average.
    - `Accuracy`: share of rows where "the probability is at least `threshold`" agrees with the label.
    - `F1`: 2 TP / (2 TP + FP + FN) of the same decisions; None without a label 1.

    Every metric is None without a row. Intervals draw whole users with replacement, since rows of one user depend on
    each other. They are percentile intervals, but for `CalibrationError`: resampling adds noise to every bin, which
    makes that distance longer on average. Its interval is the basic one, the percentiles reflected at the value
    (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 5.2), cut off at 0.

    Args:
        objective: Name of what is predicted.
        labels: 1 where it happened, else 0 (or bool); [N].
        probabilities: Predicted probabilities, in [0, 1]; [N].
        users: Number of the user of every row, any integers; [N].
        rounds: Bootstrap rounds; 0 for no interval.
        seed: Seed of the resampling.
        threshold: Smallest probability that counts as a positive decision.
        bins: Number of bins of the calibration, at least 1; fewer where probabilities are equal.

    Raises:
        ValueError: Lengths differ, a label is not 0 or 1, a probability is outside [0, 1] or NaN, `rounds` is
            negative, or `bins` is below 1.
    """
    _check(labels, probabilities, users, rounds, bins)
    distinct, owners = np.unique(users, return_inverse=True)
    labels, probabilities = np.asarray(labels, np.float64), np.asarray(probabilities, np.float64)
    rows = _Rows(labels, probabilities, owners, len(distinct), equal_count_bins(probabilities, bins), threshold)
    everyone_once = np.ones((1, len(distinct)), np.uint16)
    metrics = {name: _value(values) for name, values in _metrics(rows, everyone_once).items()}
    intervals: dict[str, Interval | None] = dict.fromkeys(PROBABILITY_METRICS)
    if rounds and len(distinct) > 1:
        resampled = _metrics(rows, bootstrap_counts(len(distinct), rounds, seed))
        intervals = {name: _interval(name, metrics[name], resampled[name]) for name in PROBABILITY_METRICS}
    reliability = reliability_bins(labels, probabilities, rows.bins)
    return ProbabilityScores(objective, len(labels), int(labels.sum()), metrics, intervals, reliability)


@dataclass(frozen=True, eq=False)
class _Rows:
    labels: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    users: NDArray[np.int64]
    user_count: int
    bins: NDArray[np.int64]
    threshold: float


def _metrics(rows: _Rows, counts: NDArray[np.uint16]) -> dict[str, NDArray[np.float64]]:
    # All but the AUC are functions of sums over rows, so that a resample only adds up the sums of its users.
    summands = _summands(rows)
    of_users = np.stack([np.bincount(rows.users, values, rows.user_count) for values in summands.values()], axis=1)
    sums = dict(zip(summands, resampled_sums(of_users.astype(np.float64), counts).T, strict=True))
    distances = np.abs(resampled_sums(_bin_errors_of_users(rows), counts)).sum(axis=1)
    positives, rows_drawn = sums["positives"], sums["rows"]
    return {
        "AUC": resampled_auc(rows.labels, rows.probabilities, rows.users, counts),
        "LogLoss": _divide(sums["losses"], rows_drawn),
        "Brier": _divide(sums["squares"], rows_drawn),
        "CalibrationError": _divide(distances, rows_drawn),
        "CalibrationRatio": _divide(sums["predicted"], positives),
        "Accuracy": _divide(sums["right"], rows_drawn),
        "F1": _divide(np.where(positives > 0, 2 * sums["found"], np.nan), sums["decided"] + positives),
    }


def _summands(rows: _Rows) -> dict[str, NDArray[np.float64]]:
    labels, probabilities = rows.labels, rows.probabilities
    decided = (probabilities >= rows.threshold).astype(np.float64)
    of_label = np.where(labels == 1, probabilities, 1 - probabilities)
    return {
        "rows": np.ones(len(labels)),
        "positives": labels,
        "predicted": probabilities,
        "losses": -np.log(np.clip(of_label, _SMALLEST_PROBABILITY, 1 - _SMALLEST_PROBABILITY)),
        "squares": (probabilities - labels) ** 2,
        "decided": decided,
        "right": (decided == labels).astype(np.float64),
        "found": decided * labels,
    }


def _bin_errors_of_users(rows: _Rows) -> NDArray[np.float64]:
    bins = int(rows.bins.max(initial=-1)) + 1
    cells = np.bincount(rows.users * bins + rows.bins, rows.probabilities - rows.labels, rows.user_count * bins)
    return cells.astype(np.float64).reshape(rows.user_count, bins)


def _divide(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(upper, lower, out=np.full(len(upper), np.nan), where=lower > 0)


def _value(values: NDArray[np.float64]) -> float | None:
    return None if np.isnan(values[0]) else float(values[0])


def _interval(name: str, value: float | None, resampled: NDArray[np.float64]) -> Interval | None:
    interval = percentile_interval(resampled)
    if value is None or interval is None or name != "CalibrationError":
        return interval if value is not None else None
    return max(0.0, 2 * value - interval[1]), max(0.0, 2 * value - interval[0])


def _check(labels: NDArray[Any], probabilities: NDArray[Any], users: NDArray[Any], rounds: int, bins: int) -> None:
    shapes = (np.shape(labels), np.shape(probabilities), np.shape(users))
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(
            "labels, probabilities and users have shapes {}, {} and {}, expected one length".format(*shapes)
        )
    if rounds < 0:
        raise ValueError(f"rounds is {rounds}, expected at least 0")
    if bins < 1:
        raise ValueError(f"bins is {bins}, expected at least 1")
    wrong = np.flatnonzero((labels != 0) & (labels != 1))
    if len(wrong):
        raise ValueError(f"row {wrong[0]}: label {labels[wrong[0]]} is not 0 or 1")
    wrong = np.flatnonzero(~((probabilities >= 0) & (probabilities <= 1)))
    if len(wrong):
        raise ValueError(f"row {wrong[0]}: probability {probabilities[wrong[0]]} is outside [0, 1]")
