import math

import numpy as np
import pytest

from trainer.bandit.evidence import Evidence
from trainer.bandit.posterior import LinearPosterior
from trainer.warm_start.carried_evidence import carried_evidence
from trainer.warm_start.feature_map import FeatureMap

PRIOR, ITEM_PRECISION, NOISE = 2.0, 3.0, 0.5
ITEMS = ["bread", "milk", "soap"]
Rows = tuple[np.ndarray, np.ndarray, list[str]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    random = np.random.default_rng(0)
    features = np.concatenate([random.normal(size=(40, 3)), np.ones((40, 1))], axis=1)
    return features, random.normal(size=40), random.choice(ITEMS, 40).tolist()


@pytest.fixture(scope="module")
def earlier(rows: Rows) -> LinearPosterior:
    return LinearPosterior.prior(4, PRIOR, NOISE, ITEM_PRECISION).update(*rows)


def same_features(explained: float = 1.0) -> FeatureMap:
    return FeatureMap(np.eye(4), np.zeros(4), explained)


def joint_mean(rows: Rows, weights: np.ndarray, items: list[str]) -> np.ndarray:
    """Mean of weights and intercepts of a Bayesian linear regression, all unknowns in one vector (PRML 3.50, 3.51)."""
    features, residuals, item_ids = rows
    chosen = np.array([[float(item == each) for each in items] for item in item_ids])
    design = np.concatenate([features, chosen], axis=1)
    prior = np.diag([PRIOR] * features.shape[1] + [ITEM_PRECISION] * len(items))
    precision = prior + (design * weights[:, None]).T @ design / NOISE
    return np.linalg.solve(precision, design.T @ (weights * residuals) / NOISE)


@pytest.mark.parametrize("kept", [0.25, 0.5, 1.0])
def test_forgetting_weighs_the_earlier_rows(rows: Rows, earlier: LinearPosterior, kept: float) -> None:
    new = (rows[0][:10] + 1.0, rows[1][:10], rows[2][:10])
    new = (np.concatenate([new[0][:, :3], np.ones((10, 1))], axis=1), new[1], new[2])
    today = LinearPosterior.prior(4, PRIOR, NOISE, ITEM_PRECISION).update(*new)
    continued = today.with_evidence(carried_evidence(earlier, PRIOR, ITEMS, same_features(), kept))
    both = (np.concatenate([rows[0], new[0]]), np.concatenate([rows[1], new[1]]), [*rows[2], *new[2]])
    wanted = joint_mean(both, np.repeat([kept, 1.0], [40, 10]), ITEMS)
    np.testing.assert_allclose(continued.mean, wanted[:4], rtol=1e-8)
    intercepts = continued.items.offset - continued.items.centre @ continued.mean
    np.testing.assert_allclose(intercepts, wanted[4:], rtol=1e-8)


def test_what_the_map_does_not_explain_is_forgotten_too(earlier: LinearPosterior) -> None:
    half = carried_evidence(earlier, PRIOR, ITEMS, same_features(explained=0.5), 0.8)
    np.testing.assert_allclose(half.gram, carried_evidence(earlier, PRIOR, ITEMS, same_features(), 0.4).gram)
    none = carried_evidence(earlier, PRIOR, ITEMS, same_features(explained=0.0), 1.0)
    assert not none.gram.any()
    assert none.items.ids.size == 0


def test_rows_read_as_if_the_features_of_today_had_seen_them(rows: Rows, earlier: LinearPosterior) -> None:
    features, residuals, item_ids = rows
    random = np.random.default_rng(1)
    matrix, shift = random.normal(size=(2, 4)), random.normal(size=4)
    carried = carried_evidence(earlier, PRIOR, ITEMS, FeatureMap(matrix, shift, 1.0), 1.0)
    wanted = Evidence.none(2).add(features @ matrix.T, residuals - features @ shift, item_ids)
    np.testing.assert_allclose(carried.gram, wanted.gram, rtol=1e-9)
    np.testing.assert_allclose(carried.cross, wanted.cross, rtol=1e-9)
    for name in ("counts", "features", "residuals"):
        np.testing.assert_allclose(getattr(carried.items, name), getattr(wanted.items, name), rtol=1e-9)


def test_an_item_that_left_takes_its_intercept_with_it_and_nothing_else(earlier: LinearPosterior) -> None:
    carried = carried_evidence(earlier, PRIOR, ["milk", "brush"], same_features(), 1.0)
    assert carried.items.ids.tolist() == ["milk"]
    without = LinearPosterior.prior(4, PRIOR, NOISE, ITEM_PRECISION).with_evidence(carried)
    np.testing.assert_allclose(without.mean, earlier.mean, rtol=1e-9)
    np.testing.assert_allclose(without.covariance, earlier.covariance, rtol=1e-9)


def test_a_posterior_without_intercepts_is_carried(rows: Rows) -> None:
    earlier = LinearPosterior.prior(4, PRIOR, NOISE).update(*rows)
    carried = carried_evidence(earlier, PRIOR, [], same_features(), 1.0)
    again = LinearPosterior.prior(4, PRIOR, NOISE, math.inf).with_evidence(carried)
    np.testing.assert_allclose(again.mean, earlier.mean, rtol=1e-9)


@pytest.mark.parametrize("kept", [0.0, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(earlier: LinearPosterior, kept: float) -> None:
    with pytest.raises(ValueError, match=rf"^kept: above 0 and at most 1, got {kept}$"):
        carried_evidence(earlier, PRIOR, ITEMS, same_features(), kept)


def test_a_map_of_other_features_is_refused(earlier: LinearPosterior) -> None:
    with pytest.raises(ValueError, match=r"^by: maps 3 features, the posterior has 4$"):
        carried_evidence(earlier, PRIOR, ITEMS, FeatureMap(np.eye(3), np.zeros(3), 1.0), 0.5)
