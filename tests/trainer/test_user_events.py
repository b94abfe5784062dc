from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.user_events import UserEvents, ages_at, last_events, read_user_events

EXAMPLES: list[dict[str, list[int]]] = [
    {"user_id": [4], "item_ids": [7, 8, 7], "event_types": [0, 1, 0], "timestamps": [5, 6, 9], "baskets": [0, 1, 2]},
    {"user_id": [0], "item_ids": [], "event_types": [], "timestamps": [], "baskets": []},
    {"user_id": [2], "item_ids": [3], "event_types": [2], "timestamps": [1], "baskets": [9]},
]
TARGETS = [[0, 1, 1], [], [0]]


def test_round_trip_of_examples(write_examples: Callable[..., list[str]], tmp_path: Path) -> None:
    rows = [{**example, "is_target": target} for example, target in zip(EXAMPLES, TARGETS, strict=True)]
    events = read_user_events(write_examples(tmp_path, rows))
    assert len(events) == 3
    assert events.users.tolist() == [4, 0, 2]
    assert events.offsets.tolist() == [0, 3, 3, 4]
    assert events.owners.tolist() == [0, 0, 0, 2]
    assert events.items.tolist() == [7, 8, 7, 3]
    assert events.event_types.tolist() == [0, 1, 0, 2]
    assert events.timestamps.tolist() == [5, 6, 9, 1]
    assert events.is_target.tolist() == [False, True, True, False]


def test_no_files_no_events(tmp_path: Path) -> None:
    events = read_user_events([f"{tmp_path}/*"])
    assert len(events) == 0
    assert events.offsets.tolist() == [0]
    assert last_events(events.items, events, 3).shape == (0, 3)


def test_last_history_positions_oldest_first(make_events: Any) -> None:
    events = make_events(
        [
            (0, [(10, 0, 1, False), (11, 0, 2, False), (12, 0, 3, False), (13, 0, 4, True)]),
            (1, [(14, 0, 1, True)]),
            (2, [(15, 0, 1, False)]),
        ]
    )
    assert last_events(events.items, events, 2).tolist() == [[11, 12], [-1, -1], [15, -1]]
    assert last_events(events.items, events, 4, padding=-7).tolist() == [[10, 11, 12, -7], [-7] * 4, [15, -7, -7, -7]]
    assert last_events(events.items, events, 2).dtype == np.int32


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=8), max_size=6), st.integers(1, 5))
def test_last_events_agrees_with_lists(examples: list[list[tuple[int, bool]]], length: int) -> None:
    flat = [event for events in examples for event in events]
    items = np.array([item for item, _ in flat], np.int64)
    targets = np.array([target for _, target in flat], bool)
    offsets = np.cumsum([0, *map(len, examples)])
    events = UserEvents(np.arange(len(examples)), offsets, items, items, items, targets)
    expected = [[item for item, target in example if not target][-length:] for example in examples]
    table = last_events(items, events, length)
    assert [row[row >= 0].tolist() for row in table] == expected
    assert [row.tolist() for row in table] == [row + [-1] * (length - len(row)) for row in expected]


def test_ages_are_days_up_to_the_moment_of_each_example(make_events: Any) -> None:
    # Seconds of our days: a float32 of the epoch could not tell them apart.
    now, day = 1_700_000_000, 24 * 3600
    events = make_events([(0, [(1, 0, now - 36, False), (2, 0, now + 5, False)]), (1, []), (2, [(3, 0, now, True)])])
    ages = ages_at(np.array([now, now, now + 3 * day // 2]), events)
    assert ages.dtype == np.float32
    # An event after that moment is no older than nothing.
    np.testing.assert_allclose(ages, [36 / day, 0, 1.5], rtol=1e-6)


def test_values_that_are_no_rows_keep_their_fractions(make_events: Any) -> None:
    events = make_events([(0, [(1, 0, 1, False), (2, 0, 2, False), (3, 0, 3, False)]), (1, [])])
    table = last_events(np.array([0.5, 1.25, 2.75], np.float32), events, 2)
    assert table.dtype == np.float32
    assert table.tolist() == [[1.25, 2.75], [-1, -1]]
