"""Learning from one half of the cases of a moment and ranking the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfx_pipeline.benchmarks.quality import figures
from tfx_pipeline.benchmarks.quality.data.behaviour_ranker import behaviour_rankers
from tfx_pipeline.benchmarks.quality.halves import halved_rankings, halves, take
from tfx_pipeline.benchmarks.quality.mixture_ranker import LearningTable
from tfx_pipeline.benchmarks.quality.settings import QualitySettings
from tfx_pipeline.benchmarks.quality.snapshot import Past, Shop, Snapshot
from tfx_pipeline.benchmarks.quality.task import QualityData, QualityTask
from tfx_pipeline.evaluation.cases import EvaluationCases
from tfx_pipeline.evaluation.ragged import Ragged

USERS, ITEMS, ASKED = 80, 20, 40

SETTINGS = """
sources:
  own: {kind: own_behaviours, of: {cart: [cart]}}
  counts: {kind: event_counts, of: {popularity: [cart, purchase]}}
  conversion: {kind: conversion, wanted: [cart], bought: [purchase], prior: 1.0}
pool: {best: {cart: 10, popularity: 8}}
columns: [{of: cart}, {of: popularity, form: log1p}, {of: conversion, times: cart}]
seeds: [4, 5]
"""


def snapshot() -> Snapshot:
    """Everyone has two items in the cart, and buys the even one: known of some users, to be found of the others."""
    generator = np.random.default_rng(0)
    even, odd = generator.integers(0, ITEMS // 2, (2, USERS)) * 2 + np.array([[0], [1]])
    rows = [(user, item, 0) for user in range(USERS) for item in (even[user], odd[user])]
    rows += [(user, even[user], 1) for user in range(ASKED, USERS)]
    users, items, behaviours = np.array(sorted(rows)).T
    past = Past(Shop(ITEMS, event_types=("cart", "purchase")), users, items, USERS, behaviours=behaviours)
    names = [str(user) for user in range(ASKED)]
    cases = EvaluationCases.from_lists(names, [[]] * ASKED, [[item] for item in even[:ASKED]], ITEMS)
    return Snapshot(past, cases)


def task(moment: Snapshot) -> QualityTask:
    data = QualityData([], moment, behaviour_rankers(moment.past, ["cart"]))
    return QualityTask("carts", "carts", "new", {}, {"HR@1": 1.05}, "known by construction", lambda folder: data)


def test_halves_are_parts_of_the_cases() -> None:
    first, second = halves(11, 1)
    assert len(first) == 5
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(11))
    assert (np.diff(first) > 0).all() and (np.diff(second) > 0).all()
    np.testing.assert_array_equal(halves(11, 1)[0], first)
    assert not np.array_equal(halves(11, 2)[0], first)


def test_take() -> None:
    candidates = Ragged.from_lists([[1, 2], [], [0, 3, 4]])
    inputs = np.arange(10, dtype=np.float32).reshape(5, 2)
    part = take(LearningTable(inputs, np.arange(5) == 3, candidates), np.array([1, 2]))
    assert [list(part.candidates.row(row)) for row in range(2)] == [[], [0, 3, 4]]
    np.testing.assert_array_equal(part.inputs, inputs[2:])
    assert list(part.positives) == [False, True, False]


def test_the_other_half_is_ranked_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "carts.yaml").write_text(SETTINGS)
    monkeypatch.setattr(figures, "SETTINGS_FOLDER", tmp_path)
    *shown, ours = figures.task_figures(task(snapshot()), tmp_path)
    assert ours.value == 1.0 and ours.met
    assert "seeds [4, 5]: 1.0000, 1.0000" in ours.how
    best = max(figure.value for figure in shown)
    assert 0.2 < best < 0.9 and ours.target == pytest.approx(1.05 * best)


def test_the_measured_half_does_not_teach(tmp_path: Path) -> None:
    """With the targets of the measured half changed, its lists stay what they were."""
    (tmp_path / "carts.yaml").write_text(SETTINGS)
    settings = figures.read_settings(tmp_path / "carts.yaml")
    moment = snapshot()
    before = list(halved_rankings(moment, settings, True, 3))
    measured = before[0][0]
    values = moment.cases.targets.values.copy()
    values[measured] = (values[measured] + 1) % ITEMS
    targets = Ragged(values, moment.cases.targets.offsets)
    other = Snapshot(moment.past, replace(moment.cases, targets=targets))
    after = next(halved_rankings(other, settings, True, 3))
    np.testing.assert_array_equal(after[0], measured)
    np.testing.assert_array_equal(after[1].items, before[0][1].items)


def test_settings_of_the_folder_are_read() -> None:
    for name in ("mule_taobao", "mule_jdata", "amazon_industrial"):
        assert isinstance(figures.read_settings(figures.SETTINGS_FOLDER / f"{name}.yaml"), QualitySettings)
