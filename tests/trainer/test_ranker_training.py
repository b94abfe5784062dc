import csv
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer.bandit.evidence import Evidence
from trainer.bandit.posterior import LinearPosterior
from trainer.hyperparameters import Hyperparameters
from trainer.ranker import Ranker
from trainer.ranker_loss import RankerLoss
from trainer.ranker_training import posterior_of, train_ranker

FEATURES = 4


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
    return tf.data.Dataset.from_tensor_slices((features, labels)).batch(32)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "new"


@pytest.fixture(scope="module")
def ranker(settings: Hyperparameters, logs: Path) -> Ranker:
    return train_ranker(toy(512, seed=0), toy(64, seed=1), FEATURES, settings, logs)


def test_learns_what_can_be_separated(ranker: Ranker) -> None:
    for features, labels in toy(200, seed=2).unbatch().batch(200):
        exists = labels.numpy()[:, :, 0] >= 0
        right = (ranker(features).numpy() > 0) == (labels.numpy() == 1)
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
    batches = [(labels.numpy(), ranker(features).numpy()) for features, labels in noise]
    # Keras averages the batches weighted by their cases.
    sizes = [len(labels) for labels, _ in batches]
    loss = RankerLoss(settings.ranker["listwise_weight"])
    kept = np.average([float(loss(*batch)) for batch in batches], weights=sizes)
    assert kept == pytest.approx(min(losses), rel=1e-4)


def test_the_posterior_is_over_the_residual_utility(ranker: Ranker, settings: Hyperparameters) -> None:
    ((features, labels),) = toy(40, seed=4).unbatch().batch(40)
    exists = labels.numpy()[:, :, 0] >= 0
    hidden = ranker.last_layer(features).numpy()[exists]
    probability = tf.sigmoid(ranker(features)).numpy()[exists]
    residuals = (labels.numpy()[exists] - probability) @ [2.0, 0.5]
    rows = np.concatenate([hidden, np.ones((len(hidden), 1))], axis=1)
    evidence = Evidence.none(5).add(rows, residuals, np.full(len(rows), 0.1))
    expected = LinearPosterior.from_evidence(evidence, 1.0)
    actual = posterior_of(ranker, toy(40, seed=4), settings)
    np.testing.assert_allclose(actual.mean, expected.mean, atol=1e-4)
    np.testing.assert_allclose(actual.covariance, expected.covariance, rtol=1e-3, atol=1e-8)
