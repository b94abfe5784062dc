import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.evidence import Evidence
from trainer.bandit.intercept_variance import intercept_variance
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.mined_posterior import posterior_of
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.ranker_training import new_ranker, ranker_loss, train_ranker

FEATURES = 4
ITEM_IDS = np.array(["c", "a", "b", ""], dtype=object)


def toy(cases: int, seed: int, informative: bool = True) -> tf.data.Dataset:
    """A purchase follows from the first feature and a click from the product of two others; some slots are empty."""
    random = np.random.default_rng(seed)
    features = random.normal(3, 2, (cases, 6, FEATURES)).astype(np.float32)
    labels = np.stack([features[..., 0] > 3, (features[..., 1] - 3) * (features[..., 2] - 3) > 0], axis=2)
    if not informative:
        labels = random.random(labels.shape) < 0.5
    empty = random.random((cases, 6)) < 0.2
    features[empty] = 1e3
    labels = np.where(empty[:, :, None], -1, labels).astype(np.float32)
    inputs = {"features": features, "rows": random.integers(0, len(ITEM_IDS), (cases, 6)).astype(np.int32)}
    return tf.data.Dataset.from_tensor_slices((inputs, labels)).batch(32)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "new"


@pytest.fixture(scope="module")
def ranker(settings: Hyperparameters, logs: Path) -> Ranker:
    return train_ranker(toy(512, seed=0), toy(64, seed=1), FEATURES, settings, logs)


def test_learns_what_can_be_separated(ranker: Ranker) -> None:
    for inputs, labels in toy(200, seed=2).unbatch().batch(200):
        exists = labels.numpy()[:, :, 0] >= 0
        right = (ranker(inputs).numpy() > 0) == (labels.numpy() == 1)
        assert right[exists][:, 0].mean() > 0.95
        assert right[exists][:, 1].mean() > 0.9


def test_scale_is_that_of_the_candidates_that_exist(ranker: Ranker) -> None:
    np.testing.assert_allclose(ranker.mean.numpy(), 3, atol=0.2)
    np.testing.assert_allclose(ranker.deviation.numpy(), 2, atol=0.2)


def losses_of(logs: Path) -> list[float]:
    with (logs / "ranker.csv").open() as file:
        return [float(row["val_loss"]) for row in csv.DictReader(file)]


def test_event_files_for_tensorboard(ranker: Ranker, logs: Path) -> None:
    assert {path.parent.name for path in logs.rglob("events.out.tfevents.*")} == {"train", "validation"}


def test_the_best_epoch_is_kept(settings: Hyperparameters, tmp_path: Path) -> None:
    noise = toy(64, seed=3, informative=False)
    ranker = train_ranker(toy(64, seed=0), noise, FEATURES, settings, tmp_path)
    losses = losses_of(tmp_path)
    assert len(losses) < settings.ranker["epochs"]
    assert losses[-1] > min(losses)
    batches = [(labels.numpy(), ranker(inputs).numpy()) for inputs, labels in noise]
    # Keras averages the batches weighted by their cases.
    sizes = [len(labels) for labels, _ in batches]
    loss = RankerLoss(settings.ranker["listwise_weight"])
    kept = np.average([float(loss(*batch)) for batch in batches], weights=sizes)
    assert kept == pytest.approx(min(losses), rel=1e-4)


def evidence_of(ranker: Ranker, inputs: dict[str, tf.Tensor], labels: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Last layers with a constant, and residual utilities, of the candidates that exist."""
    exists = labels.numpy()[:, :, 0] >= 0
    hidden = ranker.last_layer(inputs).numpy()[exists]
    residuals = (labels.numpy()[exists] - tf.sigmoid(ranker(inputs)).numpy()[exists]) @ [2.0, 0.5]
    return np.concatenate([hidden, np.ones((len(hidden), 1))], axis=1), residuals


@pytest.mark.parametrize("item_precision", [None, 5.0])
def test_the_posterior_is_over_the_residual_utility(
    ranker: Ranker, settings: Hyperparameters, item_precision: float | None
) -> None:
    ((inputs, labels),) = toy(40, seed=4).unbatch().batch(40)
    rows, residuals = evidence_of(ranker, inputs, labels)
    named = ITEM_IDS[inputs["rows"].numpy()[labels.numpy()[:, :, 0] >= 0]]
    evidence = Evidence.none(5).add(rows, residuals, named, np.full(len(rows), 0.1))
    learned = intercept_variance(evidence.items, evidence.noise_variance(1.0), row_weight=0.1)
    precision = item_precision or 1 / max(learned, 1e-4)
    expected = LinearPosterior.from_evidence(evidence, 1.0, item_precision=precision)
    settings = replace(settings, bandit={**settings.bandit, "item_precision": item_precision})
    actual = posterior_of(ranker, toy(40, seed=4), settings, ITEM_IDS)
    np.testing.assert_allclose(actual.mean, expected.mean, atol=1e-4)
    np.testing.assert_allclose(actual.covariance, expected.covariance, rtol=1e-3, atol=1e-8)
    assert actual.items.ids.tolist() == ["", "a", "b", "c"]
    assert actual.item_precision == pytest.approx(precision, rel=1e-3)
    np.testing.assert_allclose(actual.items.offset, expected.items.offset, atol=1e-4)


ALL_PARTS = {"crosses": 2, "experts": 2, "attended_events": 3, "position_slots": 4, "pairwise_weight": 0.1}


@pytest.fixture(scope="module")
def conditioned(settings: Hyperparameters) -> Hyperparameters:
    """Every part of the ranker is there, and a purchase needs a click."""
    objectives = {**settings.objectives, "purchase": {**settings.objectives["purchase"], "given": "click"}}
    return replace(settings, objectives=objectives, ranker={**settings.ranker, **ALL_PARTS, "epochs": 1})


def with_history(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Vectors of the candidates, two events and slots beside the features."""

    def add(inputs: dict[str, tf.Tensor], labels: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        features, count = tf.clip_by_value(inputs["features"] / 4, -2.0, 2.0), tf.shape(labels)[0]
        slots = tf.tile(tf.range(6)[tf.newaxis], [count, 1])
        history = {"candidates": features[:, :, :2], "events": features[:, :2, 2:], "ages": tf.ones([count, 2])}
        return {**inputs, **history, "positions": slots}, labels

    return dataset.map(add)


def test_all_parts_together(conditioned: Hyperparameters, tmp_path: Path) -> None:
    training, validation = with_history(toy(64, seed=0)), with_history(toy(32, seed=1))
    ranker = train_ranker(training, validation, FEATURES, conditioned, tmp_path, vector_size=2)
    assert (len(ranker.crosses), ranker.experts, ranker.position_slots) == (2, 2, 4)
    assert (ranker.attended_events, ranker.vector_size, ranker.given) == (3, 2, {"purchase": "click"})
    assert np.isfinite(losses_of(tmp_path)).all()
    assert ranker.position_tower.later.numpy().all()
    ((inputs, labels),) = validation
    # What an impression in a later slot brought is held against what one in that slot should have brought.
    evidence = Evidence.none(9).add(*evidence_of(ranker, inputs, labels), weights=None)
    settings = replace(conditioned, bandit={**conditioned.bandit, "evidence_weight": 1.0, "item_precision": math.inf})
    actual = posterior_of(ranker, validation, settings, ITEM_IDS)
    np.testing.assert_allclose(actual.mean, LinearPosterior.from_evidence(evidence, 1.0).mean, atol=1e-3)


def test_no_vectors_without_attention(settings: Hyperparameters) -> None:
    assert new_ranker(FEATURES, settings, vector_size=8).vector_size == 0
    loss = ranker_loss(replace(settings, ranker={**settings.ranker, "pairwise_weight": 0.3}))
    assert (loss.listwise_weight, loss.pairwise_weight) == (0.5, 0.3)
