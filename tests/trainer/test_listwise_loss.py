import keras
import numpy as np
import pytest

from trainer.listwise_loss import listwise_softmax
from trainer.ranker import Ranker


def reference(labels: np.ndarray, logits: np.ndarray) -> float:
    """Cao et al. 2007, equation 3, for one case and objective, over its candidates alone."""
    exists = labels >= 0
    scores = np.exp(logits[exists])
    wanted = labels[exists] / labels[exists].sum()
    return float(-(wanted * np.log(scores / scores.sum())).sum())


def test_loss_agrees_with_numpy() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, (4, 6, 2)).astype(np.float32)
    labels[:, 0] = 1
    labels[1, 3:] = -1
    labels[2, 5, 1] = -1
    logits = generator.normal(0, 3, labels.shape).astype(np.float32)
    expected = [sum(reference(labels[case, :, o], logits[case, :, o]) for o in range(2)) for case in range(4)]
    np.testing.assert_allclose(listwise_softmax(labels, logits), expected, rtol=1e-5)


def test_loss_ignores_what_is_no_candidate() -> None:
    labels = np.array([[[1.0], [0.0], [-1.0]]], np.float32)
    losses = [
        listwise_softmax(labels, np.array([[[1.0], [0.0], [hidden]]], np.float32)).numpy() for hidden in (-9, 0, 1e4)
    ]
    np.testing.assert_allclose(losses, np.log1p(np.exp(-1)), rtol=1e-6)


def test_case_without_a_positive_costs_nothing() -> None:
    labels = np.array([[[0.0], [0.0]], [[-1.0], [-1.0]]], np.float32)
    np.testing.assert_array_equal(listwise_softmax(labels, np.ones((2, 2, 1), np.float32)), [0, 0])


def test_loss_does_not_change_when_all_scores_of_a_case_do() -> None:
    generator = np.random.default_rng(1)
    labels = (generator.random((3, 5, 1)) < 0.5).astype(np.float32)
    logits = generator.normal(size=(3, 5, 1)).astype(np.float32)
    np.testing.assert_allclose(listwise_softmax(labels, logits + 50), listwise_softmax(labels, logits), atol=1e-5)


def test_ranker_learns_a_ranking_within_cases() -> None:
    """The first feature is that of the case, and says nothing of its order; the second one is what matters."""
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(2)
    features = generator.normal(size=(256, 8, 2)).astype(np.float32)
    features[..., 0] = generator.normal(0, 5, (256, 1))
    best = features[..., 1].argmax(axis=1)
    labels = (np.arange(8) == best[:, None])[..., np.newaxis].astype(np.float32)
    ranker = Ranker(["purchase"], 2, [16])
    ranker.compile(optimizer=keras.optimizers.Adam(0.01), loss=listwise_softmax)
    ranker.fit(features, labels, batch_size=32, epochs=15, verbose=0)
    assert (ranker.predict(features, verbose=0)[..., 0].argmax(axis=1) == best).mean() > 0.9


def test_loss_is_saved_with_the_model(tmp_path) -> None:
    ranker = Ranker(["purchase"], 2, [4])
    ranker.compile(optimizer="adam", loss=listwise_softmax)
    features = np.zeros((2, 3, 2), np.float32)
    ranker.fit(features, np.ones((2, 3, 1), np.float32), verbose=0)
    ranker.save(tmp_path / "ranker.keras")
    loaded = keras.saving.load_model(tmp_path / "ranker.keras")
    assert loaded.loss is listwise_softmax
    assert loaded.evaluate(features, np.ones((2, 3, 1), np.float32), verbose=0) == pytest.approx(np.log(3), rel=1e-5)
