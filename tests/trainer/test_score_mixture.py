from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.conditional_logit import ConditionalLogit
from trainer.score_mixture import ScoreMixture

SOURCES = ["towers", "transitions", "popularity"]


@pytest.fixture
def cases() -> tuple[np.ndarray, np.ndarray]:
    """Scores float32 [40, 6, 3], some -inf, and positives chosen by the first source."""
    random = np.random.default_rng(0)
    scores = random.normal(size=(40, 6, 3)).astype(np.float32)
    scores[random.random((40, 6)) < 0.2, 2] = -np.inf
    utility = scores[..., 0] + random.gumbel(size=(40, 6))
    return scores, utility == utility.max(axis=1, keepdims=True)


def test_the_layer_computes_what_numpy_does(cases: tuple[np.ndarray, np.ndarray]) -> None:
    layer = ScoreMixture(SOURCES, l2=0.1)
    fitted = layer.fit(*cases)
    np.testing.assert_array_equal(fitted.weights, ConditionalLogit.fit(SOURCES, *cases, l2=0.1).weights)
    found = keras.ops.convert_to_numpy(layer(cases[0]))
    assert found.shape == (40, 6) and np.isfinite(found).all()
    np.testing.assert_allclose(found, fitted.score(cases[0]), atol=1e-5)


def test_scores_are_added_up_as_they_are_before_fit() -> None:
    scores = np.array([[[1, 2, 3], [-1, 0, 5]]], np.float32)
    layer = ScoreMixture(SOURCES)
    assert keras.ops.convert_to_numpy(layer(scores)).tolist() == [[6, 4]]
    assert layer.mixture().score(scores).tolist() == [[6, 4]]


def test_candidates_that_are_not_valid_do_not_count(cases: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positives = cases
    more = np.concatenate([scores, np.full((40, 2, 3), np.nan, np.float32)], axis=1)
    valid = np.arange(8) < np.full((40, 1), 6)
    found = ScoreMixture(SOURCES).fit(more, np.pad(positives, ((0, 0), (0, 2))), valid)
    np.testing.assert_array_equal(found.weights, ScoreMixture(SOURCES).fit(scores, positives).weights)


def test_only_the_weights_are_trainable() -> None:
    layer = ScoreMixture(SOURCES)
    layer.build((None, None, 3))
    assert [weight.name for weight in layer.trainable_weights] == ["source_weights"]
    assert len(layer.non_trainable_weights) == 3


def test_the_fit_is_where_the_gradient_of_keras_vanishes(cases: tuple[np.ndarray, np.ndarray]) -> None:
    scores, positives = cases
    layer = ScoreMixture(SOURCES, l2=1e-6)
    layer.fit(scores, positives)

    def gradient() -> np.ndarray:
        with tf.GradientTape() as tape:
            loss = keras.losses.categorical_crossentropy(positives, layer(scores), from_logits=True)
            mean = keras.ops.mean(loss)
        return keras.ops.convert_to_numpy(tape.gradient(mean, layer.source_weights.value))

    assert np.abs(gradient()).max() < 1e-4
    layer.source_weights.assign(layer.source_weights + 0.5)
    assert np.abs(gradient()).max() > 1e-2


def test_a_keras_file_keeps_the_mixture(tmp_path: Path, cases: tuple[np.ndarray, np.ndarray]) -> None:
    layer = ScoreMixture(SOURCES, l2=0.25, name="mixture")
    layer.fit(*cases)
    inputs = keras.Input((None, 3))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("mixture").get_config() == layer.get_config()
    np.testing.assert_array_equal(loaded(cases[0]), layer(cases[0]))


def test_a_saved_mixture_comes_back_as_a_layer(tmp_path: Path, cases: tuple[np.ndarray, np.ndarray]) -> None:
    layer = ScoreMixture(SOURCES)
    layer.fit(*cases)
    layer.save(tmp_path / "mixture.npz")
    loaded = ScoreMixture.load(tmp_path / "mixture.npz", l2=0.5)
    assert loaded.sources == SOURCES and loaded.l2 == 0.5
    np.testing.assert_array_equal(loaded(cases[0]), layer(cases[0]))


def test_bad_arguments_are_refused(cases: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=r"^sources is \[\], expected one or more different names$"):
        ScoreMixture([])
    with pytest.raises(ValueError, match=r"^sources is \['a', 'a'\], expected one or more different names$"):
        ScoreMixture(["a", "a"])
    with pytest.raises(ValueError, match=r"^l2 is 0\.0, expected more than 0$"):
        ScoreMixture(["a"], l2=0.0)
    with pytest.raises(ValueError, match="scores have 3 sources, expected 1"):
        ScoreMixture(["a"]).build((None, 4, 3))
    with pytest.raises(ValueError, match=r"^sources of the mixture are \['towers', .*\], expected \['a'\]$"):
        ScoreMixture(["a"]).set_mixture(ConditionalLogit.fit(SOURCES, *cases))
