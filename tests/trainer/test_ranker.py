from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import erf

from trainer.ranker import Ranker, masked_cross_entropy


@pytest.fixture
def ranker() -> Ranker:
    keras.utils.set_random_seed(0)
    return Ranker(["purchase", "click"], 3, [8, 4])


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)


@pytest.fixture
def labels() -> np.ndarray:
    labels = np.random.default_rng(1).integers(0, 2, (3, 4, 2)).astype(np.float32)
    labels[1, 2:] = -1
    labels[2, :, 1] = -1
    return labels


def test_loss_agrees_with_numpy(labels: np.ndarray) -> None:
    logits = np.random.default_rng(2).normal(0, 3, labels.shape)
    probability = 1 / (1 + np.exp(-logits))
    losses = -np.where(labels == 1, np.log(probability), np.log(1 - probability))
    known = labels >= 0
    actual = masked_cross_entropy(labels, logits.astype(np.float32)).numpy()
    assert actual.shape == (3,)
    np.testing.assert_allclose(actual, (losses * known).sum(axis=(1, 2)) / (known.sum() / 3), rtol=1e-5)
    # What Keras minimises, the mean over cases, is then the mean over candidates.
    assert actual.mean() == pytest.approx(losses[known].mean(), rel=1e-5)


def test_loss_ignores_what_is_no_candidate(labels: np.ndarray) -> None:
    logits = np.random.default_rng(2).normal(size=labels.shape).astype(np.float32)
    changed = np.where(labels < 0, 1e4, logits).astype(np.float32)
    np.testing.assert_allclose(masked_cross_entropy(labels, changed), masked_cross_entropy(labels, logits), rtol=1e-6)
    assert masked_cross_entropy(np.full_like(labels, -1), changed).numpy().tolist() == [0, 0, 0]


def test_loss_stays_finite() -> None:
    logits = np.array([[[1e4], [-1e4]]], np.float32)
    np.testing.assert_allclose(masked_cross_entropy(np.array([[[1.0], [0.0]]], np.float32), logits), [0], atol=1e-6)
    np.testing.assert_allclose(masked_cross_entropy(np.array([[[0.0], [1.0]]], np.float32), logits), [1e4], rtol=1e-6)


def reference(ranker: Ranker, features: np.ndarray) -> np.ndarray:
    """Wang et al. 2021, "DCN V2", equation 1 with x_l = x_0, then the hidden layers."""
    scaled = (features - ranker.mean.numpy()) / ranker.deviation.numpy()
    hidden = scaled * (scaled @ ranker.cross.dense.kernel.numpy() + ranker.cross.dense.bias.numpy()) + scaled
    for layer in ranker.layers_hidden:
        hidden = hidden @ layer.kernel.numpy() + layer.bias.numpy()
        # GELU (Hendrycks and Gimpel 2016, equation 1).
        hidden = hidden / 2 * (1 + erf(hidden / np.sqrt(2)))
    return hidden


def test_network_agrees_with_numpy(ranker: Ranker, features: np.ndarray) -> None:
    ranker.set_scale(np.array([1.0, 0.5, -2.0]), np.array([4.0, 0.25, 1.0]))
    hidden = reference(ranker, features)
    np.testing.assert_allclose(ranker.last_layer(features).numpy(), hidden, atol=1e-5)
    logits = hidden @ ranker.heads.kernel.numpy() + ranker.heads.bias.numpy()
    np.testing.assert_allclose(ranker(features).numpy(), logits, atol=1e-5)
    assert ranker(features).shape == (2, 5, 2)


def test_scale_standardises_and_survives_constants(ranker: Ranker, features: np.ndarray) -> None:
    features[:, :, 2] = 4
    flat = features.reshape(-1, 3)
    ranker.set_scale(flat.mean(axis=0), flat.var(axis=0))
    scaled = (features - ranker.mean.numpy()) / ranker.deviation.numpy()
    np.testing.assert_allclose(scaled.reshape(-1, 3).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.reshape(-1, 3).std(axis=0), [1, 1, 0], atol=1e-6)
    assert not any(weight.trainable for weight in (ranker.mean, ranker.deviation))


def test_all_weights_are_there_before_the_first_call(ranker: Ranker) -> None:
    count = (3 * 3 + 3) + (3 * 8 + 8) + (8 * 4 + 4) + (4 * 2 + 2)
    assert sum(np.prod(weight.shape) for weight in ranker.trainable_weights) == count


def test_saved_ranker_gives_the_same_logits(ranker: Ranker, features: np.ndarray, tmp_path: Path) -> None:
    ranker.set_scale(np.array([1.0, 0.5, -2.0]), np.array([4.0, 0.25, 1.0]))
    expected = ranker(features).numpy()
    ranker.save(tmp_path / "ranker.keras")
    loaded = keras.saving.load_model(tmp_path / "ranker.keras", compile=False)
    assert loaded.get_config() == ranker.get_config()
    np.testing.assert_array_equal(loaded(features).numpy(), expected)


def test_config_round_trip(ranker: Ranker) -> None:
    again = Ranker.from_config(ranker.get_config())
    assert (again.objectives, again.feature_count, again.hidden) == (["purchase", "click"], 3, [8, 4])
