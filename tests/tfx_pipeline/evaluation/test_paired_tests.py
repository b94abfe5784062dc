import itertools
import math

import numpy as np
import pytest

from tfx_pipeline.evaluation.bootstrap import bootstrap_counts, mean_intervals
from tfx_pipeline.evaluation.paired_tests import PairedTest, paired_tests, sign_flip_p_values

RANDOM = np.random.default_rng(0)
OURS = {"HR@1": RANDOM.random(300), "NDCG@1": RANDOM.random(300)}
THEIRS = {"HR@1": OURS["HR@1"] - 0.2, "NDCG@1": RANDOM.random(300)}


def compare(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], rounds: int = 999) -> list[PairedTest]:
    counts = bootstrap_counts(len(ours["HR@1"]), rounds, 7)
    return paired_tests("ours", "theirs", "new", ours, theirs, list(ours), counts, seed=7)


def test_a_clear_difference() -> None:
    first, second = compare(OURS, THEIRS)
    assert (first.model, first.other, first.items, first.metric, first.users) == ("ours", "theirs", "new", "HR@1", 300)
    assert (first.difference, first.low, first.high) == pytest.approx((0.2, 0.2, 0.2))
    assert first.p_value == 1 / 1000
    assert second.p_value > 0.05 and second.low < 0 < second.high


def test_the_interval_is_that_of_the_differences() -> None:
    differences = {"NDCG@1": OURS["NDCG@1"] - THEIRS["NDCG@1"]}
    expected = mean_intervals(differences, bootstrap_counts(300, 999, 7))["NDCG@1"]
    test = compare(OURS, THEIRS)[1]
    assert (test.low, test.high) == pytest.approx(expected)


def test_the_other_way_round_is_the_mirror_image() -> None:
    there, back = compare(OURS, THEIRS)[1], compare(THEIRS, OURS)[1]
    assert (back.difference, back.low, back.high) == pytest.approx((-there.difference, -there.high, -there.low))
    assert back.p_value == there.p_value


def test_equal_models_do_not_differ() -> None:
    assert [(test.difference, test.p_value) for test in compare(OURS, OURS)] == [(0.0, 1.0), (0.0, 1.0)]


def test_users_that_do_not_count_leave() -> None:
    missing = OURS["HR@1"].copy()
    missing[100:] = math.nan
    test = compare({"HR@1": missing}, THEIRS)[0]
    assert (test.users, test.difference) == (100, pytest.approx(0.2))


def test_below_two_users_there_is_no_test() -> None:
    alone = np.array([1.0, math.nan])
    assert compare({"HR@1": alone}, {"HR@1": np.zeros(2)}) == []


def test_all_flips_of_few_users_give_the_p_value() -> None:
    differences = np.array([0.3, -0.1, 0.4, 0.2, 0.25, 0.1])
    flips = np.array(list(itertools.product([-1, 1], repeat=6)))
    exact = np.mean(np.abs(flips @ differences) >= abs(differences.sum()) - 1e-12)
    assert sign_flip_p_values(differences[:, None], 20_000, 1)[0] == pytest.approx(exact, abs=0.01)


def test_p_values_of_equal_models_are_uniform() -> None:
    # 400 metrics in which the second model differs from the first by nothing but noise.
    differences = np.random.default_rng(1).normal(size=(100, 400))
    differences[::7, ::2] = math.nan
    p_values = sign_flip_p_values(differences, 999, 2)
    for level in (0.05, 0.25, 0.5, 0.75):
        assert np.mean(p_values <= level) == pytest.approx(level, abs=0.075)
    assert p_values.min() > 0 and p_values.max() <= 1


def test_models_scored_on_other_users() -> None:
    with pytest.raises(ValueError) as error:
        compare(OURS, {name: values[:9] for name, values in THEIRS.items()})
    assert str(error.value) == "HR@1: one model was scored on 300 cases, the other on 9"
