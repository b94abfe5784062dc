import math
from typing import Any

import numpy as np
import pytest

from tfx_pipeline.evaluation.probabilities import PROBABILITY_METRICS, ProbabilityScores, score_probabilities

LABELS = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([0.1, 0.4, 0.4, 0.8])
USERS = np.array([7, 7, 9, 9])


def score(labels: Any, probabilities: Any, users: Any = None, **settings: Any) -> ProbabilityScores:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, np.float64)
    users = np.arange(len(labels)) if users is None else users
    return score_probabilities("click", labels, probabilities, users, **{"rounds": 200, "seed": 1} | settings)


def simulated(rows: int, user_count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities that are right, and rows of a user that share them."""
    random = np.random.default_rng(seed)
    users = random.integers(0, user_count, rows)
    probabilities = random.beta(1, 4, user_count)[users]
    return (random.random(rows) < probabilities).astype(int), probabilities, users


def test_golden_values() -> None:
    scores = score(LABELS, PROBABILITIES, USERS, bins=2)
    assert (scores.objective, scores.rows, scores.positives) == ("click", 4, 2)
    assert list(scores.metrics) == list(PROBABILITY_METRICS)
    # Of four pairs the positive wins three and ties one. The edge of the bins is .4, so that .1 is alone.
    assert scores.metrics == pytest.approx(
        {
            "AUC": 3.5 / 4,
            "LogLoss": -(math.log(0.9) + math.log(0.6) + math.log(0.4) + math.log(0.8)) / 4,
            "Brier": (0.1**2 + 0.4**2 + 0.6**2 + 0.2**2) / 4,
            "CalibrationError": (0.1 + abs(0.4 + 0.4 + 0.8 - 2)) / 4,
            "CalibrationRatio": 1.7 / 2,
            "Accuracy": 3 / 4,
            "F1": 2 * 1 / (2 * 1 + 0 + 1),
        }
    )
    assert [(point.rows, point.observed) for point in scores.reliability] == [(1, 0.0), (3, 2 / 3)]


def test_the_threshold_itself_is_a_positive_decision() -> None:
    scores = score(LABELS, PROBABILITIES, threshold=0.4)
    assert (scores.metrics["Accuracy"], scores.metrics["F1"]) == (3 / 4, 2 * 2 / (2 * 2 + 1))


@pytest.mark.parametrize(("label", "undefined"), [(0, {"AUC", "CalibrationRatio", "F1"}), (1, {"AUC"})])
def test_one_class_only(label: int, undefined: set[str]) -> None:
    scores = score([label] * 5, [0.1, 0.3, 0.5, 0.7, 0.9])
    assert {name for name, value in scores.metrics.items() if value is None} == undefined
    assert {name for name, value in scores.intervals.items() if value is None} == undefined


def test_no_rows() -> None:
    scores = score([], [])
    assert set(scores.metrics.values()) == set(scores.intervals.values()) == {None}
    assert (scores.rows, scores.reliability) == (0, ())


def test_certain_and_wrong_is_finite() -> None:
    loss = score([1, 0], [0.0, 1.0]).metrics["LogLoss"]
    assert loss == pytest.approx(-math.log(1e-15), rel=1e-3)


def test_one_user_has_no_interval() -> None:
    scores = score(LABELS, PROBABILITIES, np.zeros(4, np.int64))
    assert set(scores.intervals.values()) == {None}
    assert scores.metrics["AUC"] is not None


def test_no_rounds_no_interval() -> None:
    assert set(score(LABELS, PROBABILITIES, rounds=0).intervals.values()) == {None}


def test_the_order_of_the_rows_changes_nothing() -> None:
    labels, probabilities, users = simulated(500, 30, seed=2)
    order = np.random.default_rng(3).permutation(500)
    before, after = (score(labels, probabilities, users), score(labels[order], probabilities[order], users[order]))
    assert after.metrics == pytest.approx(before.metrics)
    assert [point.rows for point in after.reliability] == [point.rows for point in before.reliability]


def test_rows_of_one_user_are_no_independent_evidence() -> None:
    # Every row ten times under the same user adds nothing: the intervals stay. As rows of other users they shrink.
    labels, probabilities, _ = simulated(300, 300, seed=4)
    once = score(labels, probabilities)
    repeated, users = (np.repeat(labels, 10), np.repeat(probabilities, 10)), np.repeat(np.arange(300), 10)
    clustered, separate = score(*repeated, users), score(*repeated)
    for name in ("AUC", "LogLoss", "Brier", "CalibrationRatio", "Accuracy"):
        low, high = once.intervals[name] or (0.0, 0.0)
        assert clustered.intervals[name] == pytest.approx((low, high))
        narrow = separate.intervals[name] or (0.0, 9.0)
        assert (high - low) / (narrow[1] - narrow[0]) == pytest.approx(math.sqrt(10), rel=0.3)


def test_intervals_hold_the_value() -> None:
    scores = score(*simulated(2000, 200, seed=5))
    for name, value in scores.metrics.items():
        low, high = scores.intervals[name] or (1.0, 0.0)
        assert value is not None and low < high
        # The calibration error of right probabilities is noise; its interval says so by reaching towards 0.
        assert low <= value <= high if name != "CalibrationError" else low < value


def test_intervals_shrink_with_more_users() -> None:
    for name in ("AUC", "LogLoss", "Brier", "CalibrationRatio", "Accuracy"):
        few, many = (score(*simulated(10 * users, users, seed=6)).intervals[name] for users in (100, 1600))
        assert few is not None and many is not None
        assert (few[1] - few[0]) / (many[1] - many[0]) == pytest.approx(4, rel=0.45)


def test_right_probabilities_are_calibrated_and_halved_ones_are_not() -> None:
    labels, probabilities, users = simulated(20_000, 4000, seed=7)
    right, halved = score(labels, probabilities, users).metrics, score(labels, probabilities / 2, users).metrics
    assert right["CalibrationRatio"] == pytest.approx(1, abs=0.05)
    assert right["CalibrationError"] is not None and right["CalibrationError"] < 0.02
    assert halved["CalibrationRatio"] == pytest.approx(0.5, abs=0.03)
    assert halved["CalibrationError"] == pytest.approx(probabilities.mean() / 2, abs=0.01)
    assert halved["AUC"] == right["AUC"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"users": USERS[:3]},
            "labels, probabilities and users have shapes (4,), (4,) and (3,), expected one length",
        ),
        ({"labels": np.array([0, 1, 2, 0])}, "row 2: label 2 is not 0 or 1"),
        ({"labels": np.array([0, 1, 0.5, math.nan])}, "row 2: label 0.5 is not 0 or 1"),
        ({"labels": np.array([0, 1, 1, math.nan])}, "row 3: label nan is not 0 or 1"),
        ({"probabilities": np.array([0, -0.1, 0, 0])}, "row 1: probability -0.1 is outside [0, 1]"),
        ({"probabilities": np.array([0, 1, 1.5, 0])}, "row 2: probability 1.5 is outside [0, 1]"),
        ({"probabilities": np.array([math.nan, 1, 1.5, 0])}, "row 0: probability nan is outside [0, 1]"),
        ({"rounds": -1}, "rounds is -1, expected at least 0"),
        ({"bins": 0}, "bins is 0, expected at least 1"),
    ],
)
def test_invalid_input(changes: dict[str, Any], message: str) -> None:
    valid = {"labels": LABELS, "probabilities": PROBABILITIES, "users": USERS, "rounds": 5, "seed": 1}
    with pytest.raises(ValueError) as error:
        score_probabilities("click", **valid | changes)
    assert str(error.value) == message
