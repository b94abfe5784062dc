import numpy as np

from tfx_pipeline.benchmarks.quality.data.diginetica import Views, session_snapshot

VIEWS = Views(np.array([0, 0, 1, 1, 1, 2, 3, 3, 3]), np.array([0, 1, 2, 3, 2, 4, 1, 1, 0]), 5)


def test_every_view_but_the_first_of_a_session_is_a_case() -> None:
    snapshot = session_snapshot(VIEWS, 1, 4, most=100)
    assert (snapshot.past.users.tolist(), snapshot.past.items.tolist(), snapshot.past.user_count) == ([0, 0], [0, 1], 1)
    histories = [snapshot.cases.history_of(case).tolist() for case in range(len(snapshot.cases))]
    assert histories == [[2], [2, 3], [1], [1, 1]]
    assert snapshot.cases.targets.values.tolist() == [3, 2, 1, 0]


def test_later_sessions_are_unknown_and_a_sample_is_drawn_alike() -> None:
    snapshot = session_snapshot(VIEWS, 1, 3, most=1)
    again = session_snapshot(VIEWS, 1, 3, most=1)
    assert len(snapshot.cases) == 1
    assert snapshot.cases.user_ids == again.cases.user_ids
    assert snapshot.cases.user_ids[0] in ("view 3", "view 4")
