import numpy as np

from tfx_pipeline.slices import Slices, case_slices, event_slices, store_slices, training_slices

USERS = np.array([0, 5, 5, 8])
"""Five events of the first user, none of the second, three of the third."""


def as_lists(slices: Slices) -> list[tuple[int, int, int, int]]:
    return list(
        zip(*(each.tolist() for each in (slices.begin, slices.history_end, slices.target, slices.end)), strict=True)
    )


def test_training_windows_tile_the_events_before_the_end() -> None:
    found = training_slices(USERS, end=np.array([4, 5, 8]), window=3, context=2)
    assert as_lists(found) == [(0, 0, 0, 3), (1, 3, 3, 4), (5, 5, 5, 8)]


def test_cases_are_of_users_with_targets() -> None:
    found = case_slices(USERS, target=np.array([3, 5, 8]), end=np.array([5, 5, 8]), length=2)
    assert as_lists(found) == [(1, 3, 3, 5)]


def test_stores_are_of_users_with_a_past() -> None:
    found = store_slices(USERS, end=np.array([4, 5, 5]), length=2)
    assert as_lists(found) == [(2, 4, 4, 4)]


def test_events_of_one_time_do_not_see_each_other() -> None:
    times = np.array([1, 2, 2, 3, 4, 4, 4, 5])
    found = event_slices(USERS, times, first=np.array([1, 5, 5]), end=np.array([4, 5, 8]), length=10)
    assert as_lists(found) == [(0, 1, 1, 2), (0, 1, 2, 3), (0, 3, 3, 4), (5, 5, 5, 6), (5, 5, 6, 7), (5, 7, 7, 8)]


def test_positions_skip_what_lies_between_history_and_target() -> None:
    slices = Slices(*(np.array(values) for values in ([0, 4], [2, 4], [3, 4], [5, 6])))
    rows, is_target, example = slices.positions()
    assert rows.tolist() == [0, 1, 3, 4, 4, 5]
    assert is_target.tolist() == [False, False, True, True, True, True]
    assert example.tolist() == [0, 0, 0, 0, 1, 1]
