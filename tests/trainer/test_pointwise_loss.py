import numpy as np
import pytest

from trainer.pointwise_loss import masked_cross_entropy


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
