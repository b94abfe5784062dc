import keras
import numpy as np
import pytest

from trainer.pairwise_loss import pairwise_logistic
from trainer.ranker import Ranker


def test_it_agrees_with_the_paper() -> None:
    """Burges et al. 2005, equation 3, pair by pair; grades count as well as 0 and 1."""
    random = np.random.default_rng(0)
    labels, logits = random.integers(-1, 3, (5, 6, 2)), random.normal(0, 2, (5, 6, 2))
    labels[3] = 0
    expected = np.zeros(5)
    for case, objective in np.ndindex(5, 2):
        grades, scores = labels[case, :, objective], logits[case, :, objective]
        pairs = [(i, j) for i, j in np.ndindex(6, 6) if grades[i] > grades[j] >= 0]
        difference = np.array([scores[i] - scores[j] for i, j in pairs])
        expected[case] += (np.log1p(np.exp(difference)) - difference).mean() if pairs else 0
    actual = pairwise_logistic(labels.astype(np.float32), logits.astype(np.float32)).numpy()
    np.testing.assert_allclose(actual, expected, rtol=1e-5)
    assert actual[3] == 0


def test_only_differences_within_a_case_count() -> None:
    random = np.random.default_rng(1)
    labels, logits = random.integers(-1, 2, (3, 4, 2)).astype(np.float32), random.normal(size=(3, 4, 2))
    shifted = (np.where(labels < 0, 1e4, logits) + random.normal(size=(3, 1, 2))).astype(np.float32)
    actual = pairwise_logistic(labels, shifted).numpy()
    np.testing.assert_allclose(actual, pairwise_logistic(labels, logits.astype(np.float32)), rtol=1e-4)


def test_large_differences_stay_finite() -> None:
    labels = np.array([[[1.0], [0.0]]], np.float32)
    assert pairwise_logistic(labels, np.array([[[-1e4], [1e4]]], np.float32)).numpy() == pytest.approx([2e4])
    assert pairwise_logistic(labels, np.array([[[1e4], [-1e4]]], np.float32)).numpy() == [0]


def test_an_order_is_learned_from_it_alone() -> None:
    random = np.random.default_rng(2)
    features = random.normal(size=(256, 8, 2)).astype(np.float32)
    labels = (features[..., 1:] > np.median(features[..., 1:], axis=1, keepdims=True)).astype(np.float32)
    keras.utils.set_random_seed(0)
    ranker = Ranker(["purchase"], 2, [8])
    ranker.compile(optimizer=keras.optimizers.Adam(0.02), loss=pairwise_logistic)
    ranker.fit(features, labels, batch_size=32, epochs=8, verbose=0)
    scores = ranker.predict(features, verbose=0)[..., 0]
    wanted = features[..., 1]
    assert np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(scores, wanted, strict=True)]) > 0.8
