import itertools
import math
import time

import numpy as np
import pytest

from tfx_pipeline.evaluation.bootstrap import (
    UserRatio,
    bootstrap_counts,
    mean_intervals,
    percentile_interval,
    ratio_intervals,
)

COUNTS = bootstrap_counts(400, 1000, seed=1)


def width(interval: tuple[float, float] | None) -> float:
    assert interval is not None
    return interval[1] - interval[0]


def test_every_resample_draws_as_many_users_as_there_are() -> None:
    assert COUNTS.shape == (1000, 400)
    assert (COUNTS.sum(axis=1) == 400).all()
    # The share of users that a resample misses is (1 - 1/U)^U, nearly 1/e.
    assert (COUNTS == 0).mean() == pytest.approx((1 - 1 / 400) ** 400, abs=0.005)


def test_resamples_follow_the_seed() -> None:
    assert np.array_equal(COUNTS, bootstrap_counts(400, 1000, seed=1))
    assert not np.array_equal(COUNTS, bootstrap_counts(400, 1000, seed=2))


def test_equal_to_resampling_users_one_by_one() -> None:
    values = np.random.default_rng(0).random(400)
    means = [np.repeat(values, counts).mean() for counts in COUNTS]
    assert mean_intervals({"HR@1": values}, COUNTS)["HR@1"] == pytest.approx(np.quantile(means, [0.025, 0.975]))


def test_users_that_do_not_count_leave() -> None:
    values = np.random.default_rng(0).random(400)
    values[::3] = math.nan
    means = [np.nanmean(np.repeat(values, counts)) for counts in COUNTS]
    assert mean_intervals({"HR@1": values}, COUNTS)["HR@1"] == pytest.approx(np.quantile(means, [0.025, 0.975]))


@pytest.mark.parametrize(("users", "expected"), [(0, None), (1, None), (2, (0.0, 1.0))])
def test_below_two_users_there_is_no_interval(users: int, expected: tuple[float, float] | None) -> None:
    values = np.full(400, math.nan)
    values[:users] = np.arange(users)
    assert mean_intervals({"HR@1": values}, COUNTS) == {"HR@1": expected}


def test_intervals_shrink_with_the_square_root_of_the_users() -> None:
    values = np.random.default_rng(0).exponential(size=6400)
    widths = [
        width(mean_intervals({"x": values[:users]}, bootstrap_counts(users, 1000, 3))["x"])
        for users in (100, 400, 1600, 6400)
    ]
    for before, after in itertools.pairwise(widths):
        assert before / after == pytest.approx(2, rel=0.3)
    assert widths[0] / widths[3] == pytest.approx(8, rel=0.3)


def test_intervals_cover_a_known_mean_as_often_as_they_say() -> None:
    # Shops of 200 users whose values are 1 with probability .3.
    random, covered, shops = np.random.default_rng(4), 0, 400
    counts = bootstrap_counts(200, 400, seed=5)
    for _ in range(shops):
        low, high = mean_intervals({"x": (random.random(200) < 0.3).astype(np.float64)}, counts)["x"] or (1, 0)
        covered += low <= 0.3 <= high
    assert 0.92 <= covered / shops <= 0.98


def test_a_higher_level_is_wider() -> None:
    values = {"x": np.random.default_rng(0).random(400)}
    widths = [width(mean_intervals(values, COUNTS, level)["x"]) for level in (0.5, 0.9, 0.99)]
    assert widths == sorted(widths)


def test_a_ratio_is_one_of_sums() -> None:
    ratio = UserRatio(np.array([1.0, 0.0, 3.0]), np.array([1.0, 0.0, 9.0]))
    assert ratio.value == 0.4
    assert UserRatio(np.zeros(2), np.zeros(2)).value is None


def test_ratios_draw_users_with_all_their_events() -> None:
    random = np.random.default_rng(6)
    shown = random.integers(0, 9, 400).astype(np.float64)
    clicks = random.binomial(shown.astype(int), 0.2).astype(np.float64)
    resampled = [clicks @ counts / (shown @ counts) for counts in COUNTS]
    expected = np.quantile(resampled, [0.025, 0.975])
    assert ratio_intervals({"CTR@1": UserRatio(clicks, shown)}, COUNTS)["CTR@1"] == pytest.approx(expected)


def test_no_metric_has_no_interval() -> None:
    assert mean_intervals({}, COUNTS) == {}


def test_undefined_resamples_are_left_out() -> None:
    assert percentile_interval(np.array([math.nan, 2.0])) == (2.0, 2.0)
    assert percentile_interval(np.array([math.nan])) is None


def test_many_metrics_take_less_than_a_second() -> None:
    random = np.random.default_rng(7)
    per_user = {f"metric {i}": random.random(2000) for i in range(40)}
    start = time.process_time()
    intervals = mean_intervals(per_user, bootstrap_counts(2000, 1000, seed=8))
    assert len(intervals) == 40
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("users", "rounds", "message"),
    [(0, 5, "users is 0, expected at least 1"), (5, 0, "rounds is 0, expected at least 1")],
)
def test_nothing_to_draw(users: int, rounds: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        bootstrap_counts(users, rounds, 1)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("users", "level", "message"),
    [
        (3, 0.95, "HR@1: values of 3 users, resamples of 400"),
        (400, 1.0, "level is 1.0, expected between 0 and 1"),
    ],
)
def test_invalid_input(users: int, level: float, message: str) -> None:
    with pytest.raises(ValueError) as error:
        mean_intervals({"HR@1": np.zeros(users)}, COUNTS, level)
    assert str(error.value) == message
