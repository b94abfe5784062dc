from typing import Any

import numpy as np

from trainer.user_store import UserStore

DAY = 24 * 3600


def test_users_have_their_last_events_and_strangers_none(make_events: Any) -> None:
    examples = [(2, [(5, 0, 1, False), (6, 1, 2, False), (7, 0, 3, False)]), (0, [(8, 1, 1, False)]), (1, [])]
    store = UserStore.from_events(make_events(examples), user_count=4, length=2)
    assert store.items.tolist() == [[8, -1], [-1, -1], [6, 7], [-1, -1], [-1, -1]]
    assert store.event_types.tolist() == [[1, -1], [-1, -1], [1, 0], [-1, -1], [-1, -1]]
    assert store.items.dtype == store.event_types.dtype == np.int32


def test_a_user_outside_the_vocabulary_does_not_become_the_stranger(make_events: Any) -> None:
    store = UserStore.from_events(make_events([(2, [(5, 0, 1, False)])]), user_count=2, length=2)
    assert (store.items == -1).all()


def test_ages_count_to_the_last_event_of_all(make_events: Any) -> None:
    examples = [
        (1, [(5, 0, 0, False), (6, 0, DAY, False), (7, 0, 3 * DAY // 2, False)]),
        (0, [(8, 0, 11 * DAY, False)]),
        # Targets are no history, but they are part of the training window, and so are users outside the vocabulary.
        (2, [(8, 0, 10 * DAY, True)]),
        (9, [(8, 0, 11 * DAY + 6, False)]),
    ]
    store = UserStore.from_events(make_events(examples), user_count=3, length=2)
    assert store.ages.dtype == np.float32
    exact = np.array([[6 / DAY, -1], [10 + 6 / DAY, 9.5 + 6 / DAY], [-1, -1], [-1, -1]])
    np.testing.assert_allclose(store.ages, exact, rtol=1e-6)
    assert ((store.ages >= 0) == (store.items >= 0)).all()


def test_no_users(make_events: Any) -> None:
    assert UserStore.from_events(make_events([]), user_count=0, length=3).items.tolist() == [[-1] * 3]
