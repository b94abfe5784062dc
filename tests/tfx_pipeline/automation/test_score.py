import numpy as np

from tfx_pipeline.automation.score import reasons, score
from tfx_pipeline.automation.signs import BURST, GAPS, NIGHT, RATE, TOP_USER, USER_SIGNS

SIGNS = (RATE, BURST, NIGHT)
MANY = np.full(5, 100)


def values(rate: float, burst: float, night: float) -> np.ndarray:
    """Four users alike, and one who is not."""
    return np.array([[2, 2, 2, 2, rate], [3, 3, 3, 3, burst], [0.1, 0.1, 0.1, 0.1, night]], np.float64)


def test_one_kind_of_signs_makes_no_suspect() -> None:
    assert score(SIGNS, values(500, 90, 0.1), MANY, 30).total.tolist() == [0, 0, 0, 0, 0]


def test_the_score_is_the_second_strongest_kind() -> None:
    found = score(SIGNS, values(500, 3, 0.9), MANY, 30)
    pace, night = (np.array([0, 0, 0, 0, each]) for each in (np.log(500 / 2), 0.8))
    expected = [row[4] / (1.2533 * row.mean()) for row in (pace, night)]
    np.testing.assert_allclose(found.of_signs[[0, 2], 4], expected)
    assert found.total[4] == min(found.of_signs[0, 4], found.of_signs[2, 4])


def test_the_wrong_end_of_a_scale_is_not_suspicious() -> None:
    assert (
        score((NIGHT, GAPS, RATE), np.array([[0.5, 0.5, 0.5, 0.0], [3, 3, 3, 9], [9, 9, 9, 1]]), MANY[:4], 30).total[3]
        == 0
    )


def test_few_events_make_no_score_and_fewer_say_nothing_of_what_is_usual() -> None:
    found = score(SIGNS, values(500, 3, 0.9), np.array([10, 10, 10, 10, 29]), 30)
    assert found.total.tolist() == [0, 0, 0, 0, 0]
    assert found.of_signs[0, 4] > 0
    found = score(SIGNS, values(500, 3, 0.9), np.array([9, 9, 9, 9, 30]), 30)
    assert found.usual.tolist() == [500, 3, 0.9]


def test_reasons_are_told_the_strongest_first() -> None:
    measured = np.array([[2, 2.2, 1.8, 2, 500], [3, 3.3, 2.7, 3, 3], [0.1, 0.12, 0.08, 0.1, 0.9]])
    found = score(SIGNS, measured, MANY, 30)
    assert reasons(SIGNS, found, measured, 4) == [
        "500 events per active hour (usual: 2)",
        "90 % of the events in the shop's quietest hours (usual: 10 %)",
    ]
    assert reasons(SIGNS, found, measured, 0) == []


def test_unknown_signs_count_nothing() -> None:
    measured = np.full((len(USER_SIGNS), 3), np.nan)
    assert score(USER_SIGNS, measured, MANY[:3], 30).total.tolist() == [0, 0, 0]
    assert TOP_USER.reason(0.456, 0.1) == "46 % of the events by one user (usual: 10 %)"
