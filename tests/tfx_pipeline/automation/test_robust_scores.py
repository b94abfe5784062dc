import numpy as np
import pytest

from tfx_pipeline.automation.robust_scores import robust_z_scores


def test_scores_are_those_of_the_book() -> None:
    # The median is 3 and the absolute deviations are 2, 1, 0, 1, 97: their median is 1.
    scores = robust_z_scores(np.array([1.0, 2.0, 3.0, 4.0, 100.0]), 0.01)
    np.testing.assert_allclose(scores, np.array([-2, -1, 0, 1, 97]) / 1.4826)


def test_most_values_equal_falls_back_to_the_mean_deviation() -> None:
    scores = robust_z_scores(np.array([5.0, 5.0, 5.0, 5.0, 15.0]), 0.01)
    np.testing.assert_allclose(scores, np.array([0, 0, 0, 0, 10]) / (1.2533 * 2))


def test_the_deviation_has_a_floor_and_unknown_values_score_nothing() -> None:
    np.testing.assert_allclose(robust_z_scores(np.array([1.0, np.nan, 1.0, 1.5]), 0.5), [0, 0, 0, 1])
    np.testing.assert_array_equal(robust_z_scores(np.full(3, np.nan), 0.5), np.zeros(3))


def test_a_floor_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="^least_deviation: above 0, not 0$"):
        robust_z_scores(np.ones(2), 0)
