"""Greedy against NumPy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from trainer.bandit.greedy import GreedyPolicy
from trainer.bandit.posterior import LinearPosterior


def test_order_is_that_of_predicted_plus_posterior_mean(
    make_candidates: Callable[..., Any], posterior: LinearPosterior
) -> None:
    batch = make_candidates(6, 25, share_valid=1.0)
    slate = batch.choose(GreedyPolicy(tf.constant(posterior.mean, tf.float32)), 10)
    utility = batch.predicted_utility + batch.features @ posterior.mean
    expected = np.argsort(-utility, axis=1, kind="stable")[:, :10]
    np.testing.assert_array_equal(slate.indices, expected)
    np.testing.assert_allclose(slate.scores, np.take_along_axis(utility, expected, axis=1), rtol=1e-5, atol=1e-6)
    assert (slate.propensities == 1).all()


def test_ties_go_to_the_lower_candidate(make_candidates: Callable[..., Any], posterior: LinearPosterior) -> None:
    batch = make_candidates(1, 40, share_valid=1.0)
    batch.predicted_utility[:] = 0.25
    batch.features[:] = batch.features[:, :1]
    slate = batch.choose(GreedyPolicy(tf.constant(posterior.mean, tf.float32)), 10)
    np.testing.assert_array_equal(slate.indices, [np.arange(10)])
