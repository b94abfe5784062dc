"""New slates into the posterior of a served version, once each."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from serving.feedback import FeedbackLog
from serving.model_server.version_directory import find_versions, fingerprint
from tests.tfx_pipeline.feedback.updates.small_run import (
    DAY,
    ITEMS,
    LATER,
    PRICES,
    SETTINGS,
    START,
    VERSION,
    WIDTH,
    check_equal,
    configure,
    refit,
    trained_posterior,
    write_log,
)
from tfx_pipeline.errors import PipelineError
from tfx_pipeline.feedback.ledger import Ledger
from tfx_pipeline.feedback.posterior_version import read_posterior
from tfx_pipeline.feedback.update import update_from_feedback
from tfx_pipeline.new_version import sole_writer
from trainer.bandit.posterior import LinearPosterior
from trainer.model_files import VERSION_FILE

REQUESTS = [f"r{number}" for number in range(40)]
PHI = np.random.default_rng(1).normal(size=(len(ITEMS) + 1, WIDTH)).astype(np.float32)


def versions_of(run_dir: Path) -> dict[int, Path]:
    return find_versions(run_dir / "serving" / "shoprank")


def answer(version: Path) -> dict[str, Any]:
    """What a version says of every item and of an unknown one, each with features of its own."""
    # Variables live as long as the object that they were loaded with.
    loaded = tf.saved_model.load(str(version))
    outputs = loaded.signatures["serving_default"](features=PHI, rows=tf.range(len(ITEMS) + 1))
    return {name: value.numpy() for name, value in outputs.items()}


def check_answer(version: Path, posterior: LinearPosterior) -> None:
    """A version answers by this posterior, straight from its definition."""
    offset, centre, spread = posterior.item_arrays(ITEMS)
    psi = PHI - centre
    answered = answer(version)
    np.testing.assert_allclose(answered["utility"], psi @ posterior.mean + offset, rtol=1e-4, atol=1e-6)
    variance = np.sum((psi @ posterior.covariance) * psi, axis=1) + spread**2
    np.testing.assert_allclose(answered["deviation"], np.sqrt(variance), rtol=1e-4)
    assert answered["version"] == version.name.encode()


def test_the_posterior_is_that_of_a_batch(run_dir: Path) -> None:
    shown = write_log(run_dir / "feedback", REQUESTS)
    update = update_from_feedback(run_dir, now=LATER)
    assert (update.served, update.slates, update.items, update.earlier) == (VERSION, len(REQUESTS), len(shown), 0)
    assert update.rewarded == sum(each.reward > 0 for each in shown)
    assert update.path is not None and int(update.path.name) == VERSION + 1
    check_equal(read_posterior(update.path), refit(shown))
    check_answer(update.path, refit(shown))
    check_answer(versions_of(run_dir)[VERSION], trained_posterior())
    assert (update.path / VERSION_FILE).read_text() == update.path.name
    assert (update.path / "assets.extra" / "parts.json").exists()


def test_the_same_log_twice_changes_nothing(run_dir: Path) -> None:
    write_log(run_dir / "feedback", REQUESTS)
    first = update_from_feedback(run_dir, now=LATER)
    assert first.path is not None
    before = {version: fingerprint(folder) for version, folder in versions_of(run_dir).items()}
    second = update_from_feedback(run_dir, now=LATER)
    assert (second.path, second.slates, second.earlier) == (None, 0, len(REQUESTS))
    assert {version: fingerprint(folder) for version, folder in versions_of(run_dir).items()} == before


def test_in_parts_and_with_the_same_slates_in_another_file(run_dir: Path) -> None:
    log = run_dir / "feedback"
    shown = write_log(log, REQUESTS[:10])
    update_from_feedback(run_dir, now=LATER)
    shown += write_log(log, REQUESTS[10:], version=VERSION + 1)
    write_log(log, REQUESTS[:5])
    second = update_from_feedback(run_dir, now=LATER)
    assert (second.slates, second.earlier) == (30, 10)
    third = write_log(run_dir / "elsewhere", ["last"])
    last = update_from_feedback(run_dir, run_dir / "elsewhere", now=LATER)
    assert last.path is not None and last.slates == 1
    check_equal(read_posterior(last.path), refit(shown + third))
    assert Ledger.load(last.path).made_from == VERSION + 2
    assert Ledger.load(last.path).versions.tolist() == [VERSION, VERSION + 1, VERSION + 2, VERSION + 3]


def test_a_slate_waits_until_its_window_is_over(run_dir: Path) -> None:
    log = run_dir / "feedback"
    old = write_log(log, ["old"])
    young = write_log(log, ["young"], start=START + DAY)
    first = update_from_feedback(run_dir, now=START + DAY + 3600)
    assert first.path is not None and (first.slates, first.counts.too_young) == (1, 1)
    check_equal(read_posterior(first.path), refit(old))
    # An outcome that comes meanwhile is its own.
    item = young[0].item_id
    assert young[0].reward == 0
    with FeedbackLog(log) as more:
        more.outcome("young", item, "cart", START + 2 * DAY)
        more.outcome("young", item, "purchase", START + 2 * DAY + 1)
    second = update_from_feedback(run_dir, now=LATER)
    assert second.path is not None and (second.slates, second.counts.too_young, second.counts.late) == (1, 0, 1)
    rewarded = [replace(young[0], events=("cart",)), young[1]]
    check_equal(read_posterior(second.path), refit(old + rewarded))


def test_a_slate_waits_for_events_on_their_way(run_dir: Path) -> None:
    write_log(run_dir / "feedback", ["r"])
    over = START + DAY
    for now, delay, learned in ((over + 30, 60, 0), (over + 3600, 7200, 0), (over + 3600, 3600, 1)):
        assert update_from_feedback(run_dir, now=now, delay_seconds=delay).slates == learned


def test_slates_of_another_ranker_are_counted_and_left_out(run_dir: Path) -> None:
    folder = run_dir / "serving" / "shoprank"
    for version, settings in ((5, SETTINGS), (6, {**SETTINGS, "seed": 2})):
        shutil.copytree(folder / str(VERSION), folder / str(version))
        configure(run_dir, folder / str(version), settings)
    log = run_dir / "feedback"
    shown = write_log(log, ["same"], version=5)
    for version in (6, 4):
        write_log(log, [f"other {version}"], version=version, width=WIDTH + 1)
    update = update_from_feedback(run_dir, now=LATER)
    assert update.path is not None and (update.slates, update.counts.other_versions) == (1, 2)
    check_equal(read_posterior(update.path), refit(shown))
    assert Ledger.load(update.path).versions.tolist() == [5, VERSION, VERSION + 1]


def test_a_version_that_is_gone_is_remembered(run_dir: Path) -> None:
    write_log(run_dir / "feedback", ["first"])
    first = update_from_feedback(run_dir, now=LATER)
    assert first.path is not None
    shutil.rmtree(run_dir / "serving" / "shoprank" / str(VERSION))
    write_log(run_dir / "feedback", ["second"])
    assert update_from_feedback(run_dir, now=LATER).slates == 1


def test_the_weights_are_those_of_training(run_dir: Path) -> None:
    """A configuration that was changed since says nothing of what the served version predicts."""
    shown = write_log(run_dir / "feedback", REQUESTS)
    path = run_dir / "config.yaml"
    path.write_text(path.read_text().replace("weight: 0.25", "weight: 4.0"))
    update = update_from_feedback(run_dir, now=LATER)
    assert update.path is not None
    check_equal(read_posterior(update.path), refit(shown))


def test_a_purchase_is_worth_what_the_model_takes_it_for(run_dir: Path) -> None:
    objectives = {**SETTINGS["objectives"], "purchase": {**SETTINGS["objectives"]["purchase"], "value": "price"}}
    configure(run_dir, versions_of(run_dir)[VERSION], {**SETTINGS, "objectives": objectives})
    shown = write_log(run_dir / "feedback", REQUESTS)
    update = update_from_feedback(run_dir, now=LATER)
    prices = dict(zip(ITEMS, PRICES, strict=False))
    worth = [sum(prices[each.item_id] if name == "purchase" else 0.25 for name in each.events) for each in shown]
    assert update.path is not None
    check_equal(read_posterior(update.path), refit(shown, worth))


def test_a_model_without_the_worth_of_its_items(run_dir: Path) -> None:
    objectives = {name: {**objective, "value": "price"} for name, objective in SETTINGS["objectives"].items()}
    served = versions_of(run_dir)[VERSION]
    configure(run_dir, served, {**SETTINGS, "objectives": objectives})
    shutil.rmtree(served / "variables")
    write_log(run_dir / "feedback", ["r"])
    with pytest.raises(PipelineError, match=f"^{served}/variables/variables: cannot be read: "):
        update_from_feedback(run_dir, now=LATER)
    assert os.listdir(served.parent) == [str(VERSION)]


def test_a_clock_that_went_ahead(run_dir: Path) -> None:
    folder = run_dir / "serving" / "shoprank"
    (folder / str(VERSION)).rename(folder / "9000000000")
    write_log(run_dir / "feedback", ["r"], version=9_000_000_000)
    update = update_from_feedback(run_dir, now=LATER)
    assert update.path == folder / "9000000001"


def test_features_of_another_model(run_dir: Path) -> None:
    write_log(run_dir / "feedback", ["r"], width=WIDTH + 2)
    message = "^exploration_features: the log has 5 for each item, the served version 3; the log is of another run$"
    with pytest.raises(PipelineError, match=message):
        update_from_feedback(run_dir, now=LATER)
    assert list(versions_of(run_dir)) == [VERSION]


def test_a_posterior_that_is_not_the_model_s(run_dir: Path) -> None:
    LinearPosterior.prior(WIDTH + 2, 1.0, 0.1).save(versions_of(run_dir)[VERSION] / "assets.extra" / "posterior.npz")
    write_log(run_dir / "feedback", ["r"], width=WIDTH + 2)
    message = rf"variables: variable exploration/mean: has shape \[{WIDTH}\], the new value \[{WIDTH + 2}\]$"
    with pytest.raises(PipelineError, match=message):
        update_from_feedback(run_dir, now=LATER)
    assert os.listdir(run_dir / "serving" / "shoprank") == [str(VERSION)]


@pytest.mark.parametrize("name", ["posterior.npz", "feedback.npz", "parts.json"])
def test_a_damaged_file_of_the_served_version(run_dir: Path, name: str) -> None:
    write_log(run_dir / "feedback", ["r"])
    path = versions_of(run_dir)[VERSION] / "assets.extra" / name
    path.write_text("{")
    with pytest.raises(PipelineError, match=f"^{path}: ") as raised:
        update_from_feedback(run_dir, now=LATER)
    assert "\n" not in str(raised.value)
    assert os.listdir(run_dir / "serving" / "shoprank") == [str(VERSION)]


def test_no_log(run_dir: Path) -> None:
    with pytest.raises(PipelineError, match=f"^{run_dir}/feedback: there is no feedback log$"):
        update_from_feedback(run_dir, now=LATER)


def test_a_run_that_pushed_nothing(tmp_path: Path) -> None:
    with pytest.raises(
        PipelineError, match="serving/shoprank: no version to update; a run that is blessed pushes one$"
    ):
        update_from_feedback(tmp_path)


def test_another_writer_is_told_of_in_one_line(run_dir: Path) -> None:
    write_log(run_dir / "feedback", ["r"])
    with sole_writer(run_dir), pytest.raises(PipelineError, match="another command is writing a version of this run"):
        update_from_feedback(run_dir, now=LATER, wait_seconds=0.1)
    assert update_from_feedback(run_dir, now=LATER).slates == 1
