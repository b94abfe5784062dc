import numpy as np
import pytest

from trainer.warm_start.feature_map import FeatureMapSums


def rows(count: int = 200) -> tuple[np.ndarray, np.random.Generator]:
    random = np.random.default_rng(0)
    return np.concatenate([random.normal(size=(count, 3)), np.ones((count, 1))], axis=1), random


def test_a_linear_change_is_found_whole_and_in_any_batches() -> None:
    earlier, random = rows()
    matrix, shift = random.normal(size=(2, 4)), random.normal(size=4)
    sums = FeatureMapSums.none(2, 4)
    for part in np.split(earlier, [30, 31, 120]):
        sums = sums.add(part @ matrix.T, part, part @ shift)
    by = sums.solve()
    np.testing.assert_allclose(by.matrix, matrix, atol=1e-4)
    np.testing.assert_allclose(by.shift, shift, atol=1e-4)
    assert by.explained == pytest.approx(1.0, abs=1e-6)


def test_the_explained_share_is_that_of_a_regression() -> None:
    earlier, random = rows()
    today = earlier @ random.normal(size=(4, 3)) + random.normal(size=(200, 3))
    by = FeatureMapSums.none(3, 4).add(today, earlier, np.zeros(200)).solve()
    fitted = earlier @ np.linalg.lstsq(earlier, today, rcond=None)[0]
    wanted = 1 - ((today - fitted) ** 2).sum() / ((today - today.mean(axis=0)) ** 2).sum()
    assert by.explained == pytest.approx(wanted, abs=1e-6)
    np.testing.assert_array_equal(by.shift, np.zeros(4))


def test_units_that_never_fire_do_no_harm() -> None:
    earlier, _ = rows()
    earlier[:, 1] = 0.0
    by = FeatureMapSums.none(4, 4).add(earlier, earlier, np.zeros(200)).solve()
    np.testing.assert_allclose(by.matrix, np.diag([1.0, 0.0, 1.0, 1.0]), atol=1e-4)


def test_features_that_say_nothing_of_each_other_explain_nothing() -> None:
    earlier, random = rows(4000)
    by = FeatureMapSums.none(1, 4).add(random.normal(size=(4000, 1)), earlier, np.zeros(4000)).solve()
    assert 0 <= by.explained < 0.01


def test_constant_features_are_not_divided_by_their_spread() -> None:
    ones = np.ones((5, 1))
    assert FeatureMapSums.none(1, 1).add(ones, ones, np.zeros(5)).solve().explained == 0.0


def test_no_candidates_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^candidates: none to learn the map of the features from$"):
        FeatureMapSums.none(2, 2).solve()
