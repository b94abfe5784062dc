from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.simulator.hidden_truth import HiddenTruth
from tfx_pipeline.simulator.settings import SECONDS_PER_DAY, SimulatorSettings


def logistic(odds: float) -> float:
    return float(1 / (1 + np.exp(-odds)))


def test_equal_settings_give_equal_shops(truth: HiddenTruth) -> None:
    again, other = HiddenTruth.draw(truth.settings), HiddenTruth.draw(replace(truth.settings, seed=2))
    assert np.array_equal(truth.traits, again.traits) and np.array_equal(truth.qualities, again.qualities)
    assert not np.array_equal(truth.traits, other.traits)


def test_click_probability_is_what_it_says(truth: HiddenTruth) -> None:
    user, item, day, settings = 5, 7, 2.5, truth.settings
    taste = 0.75 * truth.first_tastes[user] + 0.25 * truth.last_tastes[user]
    match = taste @ truth.traits[item] / np.sqrt(settings.tastes)
    expected = logistic(settings.click_logit + settings.taste_strength * match + truth.qualities[2, item])
    assert truth.click_probability(np.array(user), np.array(item), np.array(day)) == pytest.approx(expected, rel=1e-12)


def test_utility_counts_clicks_and_purchases(truth: HiddenTruth) -> None:
    user, item, day = np.array(1), np.array(2), np.array(0.0)
    bought = logistic(truth.settings.purchase_logit + truth.qualities[0, 2])
    expected = truth.click_probability(user, item, day) * (1.0 + 2.0 * bought)
    assert truth.utility(user, item, day) == pytest.approx(expected, rel=1e-12)


def test_an_empty_slot_earns_nothing(truth: HiddenTruth) -> None:
    assert truth.utility(np.array(1), np.array([-1, 0]), np.array(0.0))[0] == 0.0


def test_examination_falls_from_slot_to_slot(truth: HiddenTruth) -> None:
    assert truth.examination(3) == pytest.approx([1.0, 1 / 2, 1 / 3])


def test_tastes_and_qualities_drift() -> None:
    drifting = SimulatorSettings(users=2000, items=2000, new_items=0, days=25, quality_drift=0.1, taste_drift=0.3)
    truth = HiddenTruth.draw(drifting)
    assert (truth.qualities[-1] - truth.qualities[0]).std() == pytest.approx(0.1 * np.sqrt(25), rel=0.05)
    assert truth.last_tastes.std() == pytest.approx(1.0, rel=0.05)
    assert np.corrcoef(truth.first_tastes.ravel(), truth.last_tastes.ravel())[0, 1] < 0.98


def test_without_drift_nothing_moves() -> None:
    truth = HiddenTruth.draw(SimulatorSettings(quality_drift=0.0, taste_drift=0.0))
    assert np.array_equal(truth.first_tastes, truth.last_tastes)
    assert np.array_equal(truth.qualities[0], truth.qualities[-1])


def test_new_items_arrive_while_the_shop_is_open(truth: HiddenTruth) -> None:
    assert (truth.arrivals[:12] == 0).all()
    assert (np.diff(truth.arrivals[11:]) > 0).all() and truth.arrivals[-1] < truth.settings.days


def test_times_before_and_after_are_the_first_and_the_last_day(truth: HiddenTruth) -> None:
    start = truth.settings.start
    days = truth.day_of(np.array([start - 5, start + SECONDS_PER_DAY // 2, start + 99 * SECONDS_PER_DAY]))
    assert days.tolist() == [0.0, 0.5, 10.0]
