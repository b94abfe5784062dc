import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from trainer.item_statistics import RECENT_SECONDS, item_statistics

ITEMS = 5
DAY = 24 * 3600


@pytest.fixture(scope="module")
def parts(make_events: Any) -> list[Any]:
    """Two parts whose history positions and unknown items must not be counted."""
    random = np.random.default_rng(0)

    def part(users: list[int], first_day: int) -> Any:
        drawn = [random.integers(0, (ITEMS + 1, 1, 40), (12, 3)) for _ in users]
        return make_events(
            [
                (user, [(int(i), 0, int(first_day + d) * DAY, bool(random.random() < 0.8)) for i, _, d in rows])
                for user, rows in zip(users, drawn, strict=True)
            ]
        )

    return [part([0, 1, 0], 0), part([1, 2], 40)]


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
    latest = max(time for _, _, time in events)
    recent = [item for item, _, time in events if time > latest - RECENT_SECONDS]
    assert 0 < len(recent) < len(events)
    count = Counter(item for item, _, _ in events)
    assert statistics.count.tolist() == [count[item] for item in range(ITEMS + 1)]
    np.testing.assert_allclose(statistics.log_share, log_shares([item for item, _, _ in events]), rtol=1e-6)
    np.testing.assert_allclose(statistics.log_recent_share, log_shares(recent), rtol=1e-6)
    np.testing.assert_allclose(np.exp(statistics.log_share).sum(), 1, rtol=1e-5)


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
    assert statistics.repeat_rate.tolist() == [0] * (ITEMS + 1)
    assert all(values.dtype == np.float32 for values in vars(statistics).values())
