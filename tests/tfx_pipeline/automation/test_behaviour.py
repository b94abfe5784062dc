"""Each measure beside the plainest way to compute it."""

import math
from collections import Counter

import numpy as np
import pytest

from tfx_pipeline.automation import behaviour
from tfx_pipeline.automation.behaviour import Groups

HOUR = 3600


def groups_of(*events: list[tuple[int, int]]) -> Groups:
    """Groups from (other, time) of each."""
    owners = np.repeat(np.arange(len(events)), [len(each) for each in events])
    flat = [pair for each in events for pair in each]
    others, times = (np.array([pair[side] for pair in flat], np.int64) for side in (0, 1))
    mixed = np.random.default_rng(0).permutation(len(flat))
    return Groups.of(owners[mixed], others[mixed], times[mixed], len(events))


def test_groups_are_in_the_order_of_time() -> None:
    groups = groups_of([(1, 30), (2, 10)], [], [(3, 20)])
    assert groups.others.tolist() == [2, 1, 3]
    assert groups.sizes.tolist() == [2, 0, 1]


def test_pace() -> None:
    steady = [(0, number * HOUR) for number in range(4)]
    burst = [(0, 7 * HOUR + 59), *((0, 7 * HOUR + 60 + second) for second in (0, 10, 58, 59))]
    groups = groups_of(steady, burst, [])
    assert behaviour.events_per_active_hour(groups).tolist() == [1.0, 5.0, 0.0]
    # A minute is half open: 59 and 118 seconds are together, 59 and 119 are not.
    assert behaviour.largest_burst(groups).tolist() == [1.0, 4.0, 0.0]


def test_entropy_of_gaps() -> None:
    gaps = [int(2 ** (number % 5)) for number in range(30)]
    mixed = [(0, int(time)) for time in np.cumsum(gaps)]
    timer = [(0, 17 * number) for number in range(30)]
    found = behaviour.gap_entropy(groups_of(mixed, timer, timer[:10]))
    counts = Counter(gaps[1:])
    expected = -sum(count / 29 * math.log2(count / 29) for count in counts.values())
    assert found[0] == pytest.approx(expected)
    assert found[1] == 0.0
    assert math.isnan(found[2])


def test_events_of_one_time_are_no_gap() -> None:
    basket = [(item, 100 * number) for number in range(25) for item in range(3)]
    assert behaviour.gap_entropy(groups_of(basket)).tolist() == [0.0]


def test_shares() -> None:
    groups = groups_of([(7, 1), (7, 2), (8, 3), (7, 4)], [(9, 1)])
    assert behaviour.distinct_share(groups).tolist() == [0.5, 1.0]
    assert behaviour.top_share(groups).tolist() == [0.75, 1.0]


def test_the_night_is_the_shops_own() -> None:
    busy = [(0, hour * HOUR) for hour in range(8, 24) for _ in range(9)]
    quiet = [(0, hour * HOUR) for hour in (0, 1, 2, 3, 4, 5, 9, 9)]
    shares = behaviour.night_share(groups_of(busy, quiet, [(0, 6 * HOUR), (0, 7 * HOUR)] * 2))
    # Nobody is there at six and seven but the third, twice each, and the hours from 0 to 5 have one event.
    assert shares.tolist() == [0.0, 0.75, 0.0]


def test_repeated_sequences() -> None:
    visit = [3, 1, 4, 1, 5, 9, 2, 6]
    replayed = [(item, time) for time, item in enumerate(visit * 4)]
    fresh = [(100 + number, number) for number in range(30)]
    copied = [(item, time) for time, item in enumerate([*range(200, 212), *range(100, 112)])]
    shares = behaviour.repeated_sequences(groups_of(replayed, fresh, copied, replayed[:13]))
    assert shares[0] == 1.0
    assert shares[1] == pytest.approx(8 / 26)
    assert shares[2] == pytest.approx(8 / 20)
    assert math.isnan(shares[3])


def test_surprising_conversions() -> None:
    sizes, conversions = np.array([100, 100, 200]), np.array([0, 20, 20])
    deviations = np.sqrt(sizes * 0.1 * 0.9)
    np.testing.assert_allclose(
        behaviour.conversion_surprise(sizes, conversions), (conversions - [10, 10, 20]) / deviations
    )
    assert np.isnan(behaviour.conversion_surprise(sizes, np.zeros(3))).all()


def test_nothing_at_all() -> None:
    groups = Groups.of(*(np.zeros(0, np.int64) for _ in range(3)), 2)
    for measure in (behaviour.events_per_active_hour, behaviour.largest_burst, behaviour.night_share):
        assert measure(groups).tolist() == [0.0, 0.0]
    assert np.isnan(behaviour.repeated_sequences(groups)).all()
