from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.user_events import SECONDS_A_DAY
from trainer.windows import days_from_first, visible_from, window_dataset

Batch = dict[str, np.ndarray]
START, HOUR = 1_700_000_000, 3600
"""In seconds, as of our days: a float32 could not tell minutes of it apart."""
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(st.lists(EVENTS, min_size=1, max_size=3), st.data())
def test_a_target_sees_exactly_the_strict_past_of_other_baskets(
    windows: list[list[tuple[int, int]]], data: st.DataObject
) -> None:
    length = min(map(len, windows))
    times, baskets = (np.array([[event[part] for event in events[:length]] for events in windows]) for part in (0, 1))
    positions = [data.draw(st.lists(st.integers(0, length - 1), min_size=2, max_size=2)) for _ in windows]
    visible = visible_from(tf.constant(times), tf.constant(baskets), tf.constant(positions)).numpy()
    for row, targets in enumerate(positions):
        for view, target in enumerate(targets):
            for event in range(length):
                earlier = times[row, event] < times[row, target]
                other_basket = baskets[row, event] != baskets[row, target]
                assert visible[row, view, event] == (earlier and other_basket)


@pytest.fixture(scope="module")
def windows() -> dict[int, dict[str, list[int]]]:
    """Windows by user; items are unique in a window, so that a target tells its position."""
    random = np.random.default_rng(0)
    windows = {}
    for user, length in enumerate([9, 4, 1, 7, 2]):
        times = np.sort(random.integers(0, 2 * length, length))
        windows[user] = {
            "user_id": [user],
            "item_ids": random.permutation(20)[:length].tolist(),
            "event_types": random.integers(0, 3, length).tolist(),
            "timestamps": (START + times * HOUR).tolist(),
            "baskets": (times // 2).tolist(),
            "is_target": [int(position >= length // 3) for position in range(length)],
        }
    return windows


@pytest.fixture(scope="module")
def files(
    windows: dict, write_examples: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    return write_examples(tmp_path_factory.mktemp("windows"), list(windows.values()))


def epoch(dataset: tf.data.Dataset) -> list[Batch]:
    return list(dataset.as_numpy_iterator())


def test_targets_are_drawn_from_the_window(files: list[str], windows: dict) -> None:
    for batch in epoch(window_dataset(files, batch=2, targets=3, seed=1)):
        for user, drawn in zip(batch["users"], batch["targets"], strict=True):
            window = windows[user]
            possible = [
                item for item, is_target in zip(window["item_ids"], window["is_target"], strict=True) if is_target
            ]
            real = drawn[drawn >= 0].tolist()
            assert set(real) <= set(possible)
            assert len(real) == len(set(real)) == min(len(drawn), len(possible))


def test_each_target_sees_the_strict_past(files: list[str], windows: dict) -> None:
    for batch in epoch(window_dataset(files, batch=5, targets=9, seed=1)):
        for row, user in enumerate(batch["users"]):
            window = windows[user]
            length = len(window["item_ids"])
            assert batch["history"][row].tolist() == window["item_ids"] + [-1] * (9 - length)
            for view, target in enumerate(batch["targets"][row]):
                if target < 0:
                    continue
                own = window["item_ids"].index(target)
                expected = [
                    position
                    for position in range(length)
                    if window["timestamps"][position] < window["timestamps"][own]
                    and window["baskets"][position] != window["baskets"][own]
                ]
                assert np.flatnonzero(batch["visible"][row, view]).tolist() == expected


def drawn_targets(batch: Batch, windows: dict) -> Iterator[tuple[int, dict, list[int | None]]]:
    """Row, window and positions of the drawn targets, None for padding."""
    for row, user in enumerate(batch["users"]):
        items = windows[user]["item_ids"]
        yield row, windows[user], [items.index(item) if item >= 0 else None for item in batch["targets"][row]]


@pytest.fixture(scope="module")
def again(write_examples: Callable[..., list[str]], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Windows with items that come again: from before the targets, in a later basket, in the same one."""
    windows = [
        ([7, 3, 7, 4, 3, 4, 5], [0, 1, 2, 3, 4, 5, 6], [0, 0, 1, 1, 1, 1, 1]),
        ([2, 2, 2], [0, 0, 1], [1, 1, 1]),
        ([6, 6], [0, 1], [0, 1]),
    ]
    examples = [
        {
            "user_id": [user],
            "item_ids": items,
            "event_types": [0] * len(items),
            "timestamps": [START + place * HOUR for place in range(len(items))],
            "baskets": baskets,
            "is_target": is_target,
        }
        for user, (items, baskets, is_target) in enumerate(windows)
    ]
    return write_examples(tmp_path_factory.mktemp("again"), examples)


@pytest.mark.parametrize(
    ("repeats", "expected"),
    [(True, {0: [3, 4, 4, 5, 7], 1: [2, 2, 2], 2: [6]}), (False, {0: [4, 5], 1: [2], 2: []})],
)
def test_a_repeat_is_a_target_only_where_asked_for(
    again: list[str], repeats: bool, expected: dict[int, list[int]]
) -> None:
    (batch,) = epoch(window_dataset(again, batch=3, targets=7, seed=1, repeats=repeats))
    drawn = {user: sorted(row[row >= 0].tolist()) for user, row in zip(batch["users"], batch["targets"], strict=True)}
    assert drawn == expected
    for row, targets in enumerate(batch["targets"]):
        for view, target in enumerate(targets):
            seen = batch["history"][row][batch["visible"][row, view]]
            if target >= 0 and not repeats:
                assert target not in seen


def test_without_repeats_what_is_drawn_differs_between_epochs_but_stays_new(again: list[str]) -> None:
    dataset = window_dataset(again, batch=3, targets=1, seed=1, repeats=False)
    drawn = {
        (user, target)
        for _ in range(8)
        for batch in epoch(dataset)
        for user, (target,) in zip(batch["users"], batch["targets"], strict=True)
    }
    assert drawn == {(0, 4), (0, 5), (1, 2), (2, -1)}


def test_event_types_and_days_are_those_of_the_events(files: list[str], windows: dict) -> None:
    (batch,) = epoch(window_dataset(files, batch=5, targets=9, seed=1))
    assert batch["days"].dtype == batch["target_days"].dtype == np.float32
    assert batch["days"].shape == batch["event_types"].shape == batch["history"].shape
    assert batch["target_days"].shape == batch["targets"].shape
    for row, window, positions in drawn_targets(batch, windows):
        padding = 9 - len(window["item_ids"])
        assert batch["event_types"][row].tolist() == window["event_types"] + [-1] * padding
        days = [(time - window["timestamps"][0]) / SECONDS_A_DAY for time in window["timestamps"]]
        np.testing.assert_allclose(batch["days"][row], days + [0] * padding, rtol=1e-6)
        for view, position in enumerate(positions):
            if position is not None:
                assert batch["target_days"][row, view] == batch["days"][row, position]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.integers(0, 10**8), min_size=1, max_size=6), min_size=1, max_size=4))
def test_days_keep_the_minutes_of_our_days(windows: list[list[int]]) -> None:
    length = max(map(len, windows))
    times = np.full((len(windows), length), np.iinfo(np.int64).max)
    for row, window in enumerate(windows):
        times[row, : len(window)] = np.sort(window) + START
    days = days_from_first(tf.constant(times), tf.constant(times < np.iinfo(np.int64).max)).numpy()
    for row, window in enumerate(windows):
        exact = (np.sort(window) - min(window)) / SECONDS_A_DAY
        assert np.abs(days[row, : len(window)] - exact).max() < 60 / SECONDS_A_DAY
        assert not days[row, len(window) :].any()


def test_positives_are_the_drawn_targets_of_the_same_basket_or_time(files: list[str], windows: dict) -> None:
    together = 0
    for batch in epoch(window_dataset(files, batch=2, targets=5, seed=1, basket_positives=True)):
        assert batch["positives"].shape == (*batch["targets"].shape, batch["targets"].shape[1])
        for row, window, positions in drawn_targets(batch, windows):
            for view, own in enumerate(positions):
                if own is None:
                    continue
                expected = {
                    window["item_ids"][other]
                    for other in positions
                    if other is not None
                    and (
                        window["timestamps"][other] == window["timestamps"][own]
                        or window["baskets"][other] == window["baskets"][own]
                    )
                }
                found = batch["positives"][row, view]
                assert set(found[found >= 0].tolist()) == expected
                assert window["item_ids"][own] in expected
                together += len(expected) > 1
    assert together


def test_without_being_asked_for_there_are_no_positives(files: list[str]) -> None:
    plain, marked = (next(iter(epoch(window_dataset(files, 5, 3, 1, asked)))) for asked in (False, True))
    assert set(marked) - set(plain) == {"positives"}
    for name in plain:
        np.testing.assert_array_equal(plain[name], marked[name])


def test_padding_is_never_seen(files: list[str]) -> None:
    (batch,) = epoch(window_dataset(files, batch=5, targets=9, seed=1))
    assert not (batch["visible"] & (batch["history"] < 0)[:, None, :]).any()


def test_every_epoch_has_all_windows_in_a_new_order(files: list[str], windows: dict) -> None:
    dataset = window_dataset(files, batch=2, targets=2, seed=1)
    epochs = [epoch(dataset) for _ in range(4)]
    users = [np.concatenate([batch["users"] for batch in batches]).tolist() for batches in epochs]
    assert all(sorted(order) == list(windows) for order in users)
    assert len(set(map(tuple, users))) > 1
    draws = [{tuple(row) for batch in batches for row in batch["targets"].tolist()} for batches in epochs]
    assert any(draw != draws[0] for draw in draws)


def test_the_seed_decides_order_and_draws(files: list[str]) -> None:
    def two_epochs(seed: int) -> list[Batch]:
        return list(islice(window_dataset(files, 2, 2, seed).repeat(2).as_numpy_iterator(), 6))

    first, again, other = (two_epochs(seed) for seed in (3, 3, 4))
    for left, right in zip(first, again, strict=True):
        for name in left:
            np.testing.assert_array_equal(left[name], right[name])
    assert any(not np.array_equal(left["targets"], right["targets"]) for left, right in zip(first, other, strict=True))
