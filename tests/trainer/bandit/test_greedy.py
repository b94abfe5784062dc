"""Greedy and LinUCB against NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.trainer.bandit.conftest import ITEM_IDS, SETTINGS
from trainer.bandit.exploration_head import ExplorationHead
from trainer.bandit.posterior import LinearPosterior


def test_order_is_that_of_the_mean_utility(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(6, 25, share_valid=1.0)
    slate = batch.choose(head, "greedy", 10)
    utility = head.belief(batch.predicted_utility, batch.features, batch.rows, batch.valid).utility.numpy()
    expected = np.argsort(-utility, axis=1, kind="stable")[:, :10]
    np.testing.assert_array_equal(slate.indices, expected)
    np.testing.assert_array_equal(slate.scores, np.take_along_axis(utility, expected, axis=1))
    assert (slate.propensities == 1).all()
    assert (slate.inclusions == 1).all()


def test_ties_go_to_the_lower_candidate(head: ExplorationHead, make_candidates: Callable[..., Any]) -> None:
    batch = make_candidates(1, 40, share_valid=1.0)
    batch.predicted_utility[:] = 0.25
    batch.features[:] = batch.features[:, :1]
    batch.rows[:] = 3
    slate = batch.choose(head, "greedy", 10)
    np.testing.assert_array_equal(slate.indices, [np.arange(10)])


def test_lin_ucb_adds_standard_deviations_of_the_mean_utility(
    head: ExplorationHead, posterior: LinearPosterior, make_candidates: Callable[..., Any]
) -> None:
    batch = make_candidates(3, 20, share_valid=1.0)
    slate = batch.choose(head, "lin_ucb", 20)
    offset, centre, spread = posterior.item_arrays(ITEM_IDS)
    own = batch.features - centre[batch.rows]
    variance = np.einsum("bnd,de,bne->bn", own, posterior.covariance, own) + spread[batch.rows] ** 2
    bound = batch.predicted_utility + offset[batch.rows] + own @ posterior.mean
    bound = bound + SETTINGS.linucb_alpha * np.sqrt(variance)
    np.testing.assert_array_equal(slate.indices, np.argsort(-bound, axis=1))
    np.testing.assert_allclose(slate.scores, -np.sort(-bound, axis=1), rtol=1e-4)
    assert (slate.indices != batch.choose(head, "greedy", 20).indices).any()
