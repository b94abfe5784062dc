import numpy as np

from tfx_pipeline.evaluation.baselines.popularity import (
    distinct_users_per_item,
    popularity_places,
    popularity_share,
    recent_popularity,
)
from tfx_pipeline.evaluation.baselines.recency import Recency
from tfx_pipeline.evaluation.interactions import Interactions


def test_popularity_counts_each_user_once() -> None:
    counts = distinct_users_per_item(np.array([0, 0, 1, 2, 2]), np.array([1, 1, 1, 0, 3]), 5)
    assert counts.tolist() == [1, 2, 0, 1, 0]


def test_recent_popularity_sums_the_weights_of_the_events() -> None:
    ages = np.array([14, 0, 28], np.float32)
    interactions = Interactions(np.array([0, 0, 1]), np.array([2, 0, 2]), 2, 3, ages)
    recent = recent_popularity(interactions, Recency(days=14, decay=0.5))
    np.testing.assert_allclose(recent, [1, 0, np.exp(-1) + np.exp(-2)], rtol=1e-6)


def test_recent_popularity_without_ages_counts_back_from_each_user_s_last_event() -> None:
    interactions = Interactions(np.array([0, 0, 0, 2]), np.array([1, 0, 1, 0]), 3, 2)
    assert recent_popularity(interactions, Recency(days=14, decay=0.5)).tolist() == [1.5, 1.25]


def test_equal_counts_share_a_place() -> None:
    assert popularity_places(np.array([5, 0, 9, 5], np.uint8)).tolist() == [2, 3, 1, 2]


def test_the_share_of_nothing_is_nothing() -> None:
    assert popularity_share(np.array([1, 4, 0])).tolist() == [0.25, 1, 0]
    assert popularity_share(np.zeros(2)).tolist() == [0, 0]
