import math
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from trainer.item_statistics import item_statistics, target_counts

ITEMS = 5
DAY = 24 * 3600


@pytest.fixture(scope="module")
def parts(make_events: Any) -> list[Any]:
    """Two parts whose history positions and unknown items must not be counted."""
    random = np.random.default_rng(0)

    def part(users: list[int], first_day: int) -> Any:
        drawn = [random.integers(0, (ITEMS + 1, 1, 70), (12, 3)) for _ in users]
        return make_events(
            [
                (user, [(int(i), 0, int(first_day + d) * DAY, bool(random.random() < 0.8)) for i, _, d in rows])
                for user, rows in zip(users, drawn, strict=True)
            ]
        )

    return [part([0, 1, 0], 0), part([1, 2], 70)]


def counted(parts: list[Any]) -> list[tuple[int, int, int]]:
    """(item, user, time) of each known target."""
    return [
        (item, part.users[owner], time)
        for part in parts
        for item, owner, time, target in zip(part.items, part.owners, part.timestamps, part.is_target, strict=True)
        if target and item < ITEMS
    ]


def log_shares(items: list[int]) -> list[float]:
    count = Counter(items)
    return [math.log((count[item] + 1) / (len(items) + ITEMS + 1)) for item in range(ITEMS + 1)]


def test_popularity(parts: list[Any]) -> None:
    events, statistics = counted(parts), item_statistics(parts, ITEMS)
    count = Counter(item for item, _, _ in events)
    assert statistics.count.tolist() == [count[item] for item in range(ITEMS + 1)]
    np.testing.assert_allclose(statistics.log_share, log_shares([item for item, _, _ in events]), rtol=1e-6)
    np.testing.assert_allclose(np.exp(statistics.log_share).sum(), 1, rtol=1e-5)


@pytest.mark.parametrize(("name", "days"), [("week", 7), ("recent", 28), ("quarter", 91)])
def test_recent_popularity_is_that_of_the_last_days(parts: list[Any], name: str, days: int) -> None:
    events = counted(parts)
    latest = max(time for _, _, time in events)
    recent = [item for item, _, time in events if time > latest - days * DAY]
    assert 0 < len(recent) < len(events)
    shares = getattr(item_statistics(parts, ITEMS), f"log_{name}_share")
    np.testing.assert_allclose(shares, log_shares(recent), rtol=1e-6)


def test_the_mean_gap_counts_neighbouring_times_of_one_buyer(parts: list[Any]) -> None:
    times: dict[tuple[int, int], set[int]] = {}
    for item, user, time in counted(parts):
        times.setdefault((item, user), set()).add(time)
    gaps: dict[int, list[float]] = {item: [] for item in range(ITEMS + 1)}
    for (item, _), bought in times.items():
        ordered = sorted(bought)
        gaps[item] += [(after - before) / DAY for before, after in pairwise(ordered)]
    everything = [gap for of_item in gaps.values() for gap in of_item]
    mean = sum(everything) / len(everything)
    expected = [(sum(gaps[item]) + 5 * mean) / (len(gaps[item]) + 5) for item in range(ITEMS + 1)]
    interval = item_statistics(parts, ITEMS).interval
    np.testing.assert_allclose(interval, expected, rtol=1e-5)
    assert len({round(value, 3) for value in expected}) > 3
    assert interval[-1] == pytest.approx(mean, rel=1e-5)


def test_gaps_by_hand(make_events: Any) -> None:
    """User 0 buys item 1 on days 0, 0, 10 and 16, another user on day 3; nobody buys item 2 twice."""
    bought = [(1, 0, day * DAY, True) for day in (10, 0, 16, 0)]
    events = make_events([(0, [*bought, (2, 0, 2 * DAY, True)]), (1, [(1, 0, 3 * DAY, True), (2, 0, 5 * DAY, True)])])
    interval = item_statistics([events], ITEMS).interval
    # Two gaps, 10 and 6 days, are the mean of all items, too.
    np.testing.assert_allclose(interval, np.full(ITEMS + 1, 8.0))


def test_repeat_rate_counts_buyers_across_examples(parts: list[Any]) -> None:
    pairs = Counter((item, user) for item, user, _ in counted(parts))
    buyers = Counter(item for item, _ in pairs)
    repeaters = Counter(item for (item, _), times in pairs.items() if times > 1)
    mean = sum(repeaters.values()) / sum(buyers.values())
    expected = [(repeaters[item] + 10 * mean) / (buyers[item] + 10) for item in range(ITEMS + 1)]
    np.testing.assert_allclose(item_statistics(parts, ITEMS).repeat_rate, expected, rtol=1e-6)
    assert expected[-1] == pytest.approx(mean)


def test_nothing_happened_yet(make_events: Any) -> None:
    statistics = item_statistics([make_events([(0, [(1, 0, 5, False)])])], ITEMS)
    assert statistics.count.tolist() == [0] * (ITEMS + 1)
    np.testing.assert_allclose(np.exp(statistics.log_share), 1 / (ITEMS + 1), rtol=1e-6)
    for values in (statistics.repeat_rate, statistics.interval):
        assert values.tolist() == [0] * (ITEMS + 1)
    for name in ("week", "recent", "quarter"):
        np.testing.assert_array_equal(getattr(statistics, f"log_{name}_share"), statistics.log_share)
    assert all(values.dtype == np.float32 for values in vars(statistics).values())


@pytest.mark.parametrize(("repeats", "expected"), [(True, [1, 4, 2, 0, 0, 2]), (False, [1, 2, 1, 0, 0, 1])])
def test_targets_of_the_towers_count_again_only_where_repeats_do(
    make_events: Any, repeats: bool, expected: list[int]
) -> None:
    """User 0 has three windows; what is no target does not count, and the unknown item 5 does."""
    first = [(1, 0, 1, True), (1, 0, 2, True), (2, 0, 3, True), (3, 0, 4, False)]
    second = [(1, 0, 5, True), (2, 0, 6, True), (5, 0, 7, True), (5, 0, 8, True)]
    windows = make_events([(0, first), (0, second), (1, [(1, 0, 1, True)]), (0, [(0, 0, 9, True)])])
    assert target_counts(windows, ITEMS, repeats).tolist() == expected
