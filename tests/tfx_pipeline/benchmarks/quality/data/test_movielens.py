import numpy as np

from tfx_pipeline.benchmarks.baseline_data.movielens import Ratings
from tfx_pipeline.benchmarks.quality.data.movielens import leave_latest_out

RATINGS = Ratings(["a", "b"], np.array([0, 0, 0, 0, 1, 1, 1]), np.array([3, 1, 4, 0, 2, 1, 3]), 5)


def test_later_ratings_are_unknown() -> None:
    second_latest = leave_latest_out(RATINGS, places=2)
    assert second_latest.past.users.tolist() == [0, 0, 1]
    assert second_latest.past.items.tolist() == [3, 1, 2]
    assert [second_latest.cases.history_of(case).tolist() for case in (0, 1)] == [[3, 1], [2]]
    assert second_latest.cases.targets.values.tolist() == [4, 1]


def test_the_latest_rating_is_to_be_found() -> None:
    test = leave_latest_out(RATINGS, places=1)
    assert test.past.items.tolist() == [3, 1, 4, 2, 1]
    assert test.cases.targets.values.tolist() == [0, 3]
