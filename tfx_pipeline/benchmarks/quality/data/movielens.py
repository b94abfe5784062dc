"""MovieLens 100K: the latest rating of every user is to be found."""

from pathlib import Path

import numpy as np

from tfx_pipeline.benchmarks.baseline_data.movielens import Ratings, ratings_in_order
from tfx_pipeline.benchmarks.baseline_data.time_cut import split_events
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.baselines import EASE, Transitions


def load_movielens(data_dir: Path) -> QualityData:
    """The ratings before the latest one of every user, to learn from; that one, to be found.

    Args:
        data_dir: The folder of real data.

    Raises:
        DataError: The data are absent.
    """
    ratings = ratings_in_order(data_dir)
    test = leave_latest_out(ratings, places=1)
    interactions = test.past.interactions
    return QualityData(
        learning=[leave_latest_out(ratings, places=2)],
        test=test,
        baselines={
            "transitions": Transitions(steps=10, decay=0.8).fit(interactions),
            "EASE, history .9^age": EASE(items=None, days=None, decay=0.9, times_recent_popularity=False).fit(
                interactions
            ),
        },
    )


def leave_latest_out(ratings: Ratings, places: int) -> Snapshot:
    """The rating that is `places` from the end of each user's, to be found; those before it, to learn from."""
    users = ratings.users
    ends = np.cumsum(np.bincount(users, minlength=len(ratings.user_ids)))
    from_end = ends[users] - np.arange(len(users))
    known = from_end >= places
    interactions, cases = split_events(
        ratings.user_ids, users[known], ratings.items[known], ratings.item_count, from_end[known] == places
    )
    past = Past(Shop(ratings.item_count), interactions.users, interactions.items, interactions.user_count)
    return Snapshot(past, cases)


MOVIELENS_TASK = QualityTask(
    name="ml-100k",
    settings="ml_100k",
    items="new",
    targets={"HR@10": 0.215, "NDCG@10": 0.115},
    times_baseline={},
    protocol="the latest rating of every user, ranked among all items without the user's others; the mixture is "
    "learned from the second-latest",
    load=load_movielens,
)
