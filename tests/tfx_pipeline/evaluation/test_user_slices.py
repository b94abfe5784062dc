import numpy as np

from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.user_slices import activity_deciles, cold_users


def cases_of(lengths: list[int]) -> EvaluationCases:
    """One target a user, after a history of the given length."""
    users = [f"u{i}" for i in range(len(lengths))]
    return EvaluationCases.from_lists(users, [[0] * length for length in lengths], [[1]] * len(lengths), 2)


def test_deciles_of_different_users_are_equally_large() -> None:
    slicing = activity_deciles(cases_of(list(range(20))))
    assert slicing.dimension == "user activity"
    assert slicing.labels[0] == "events 0 - 1" and slicing.labels[9] == "events 18 - 19"
    assert np.bincount(slicing.target_labels).tolist() == [2] * 10


def test_equally_active_users_stay_together() -> None:
    slicing = activity_deciles(cases_of([3, 1, 1, 1, 1, 1, 1, 1, 1, 2]))
    assert slicing.labels == ("events 1", "events 2", "events 3")
    assert slicing.target_labels.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_cold_users_have_fewer_events_than_the_limit() -> None:
    slicing = cold_users(cases_of([4, 5, 0, 6]))
    assert slicing.labels == ("cold (fewer than 5 events)", "warm (5 events or more)")
    assert slicing.target_labels.tolist() == [0, 1, 0, 1]
    assert cold_users(cases_of([4, 5]), cold_below=2).target_labels.tolist() == [1, 1]
