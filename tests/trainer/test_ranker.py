from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import erf

from trainer.ranker import Ranker


@pytest.fixture
def ranker() -> Ranker:
    keras.utils.set_random_seed(0)
    return Ranker(["purchase", "click"], 3, [8, 4])


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)


def reference(ranker: Ranker, features: np.ndarray) -> np.ndarray:
    """Wang et al. 2021, "DCN V2", equation 1, then the hidden layers."""
    scaled = (features - ranker.mean.numpy()) / ranker.deviation.numpy()
    hidden = scaled
    for cross in ranker.crosses:
        hidden = scaled * (hidden @ cross.dense.kernel.numpy() + cross.dense.bias.numpy()) + hidden
    for layer in ranker.layers_hidden:
        hidden = hidden @ layer.kernel.numpy() + layer.bias.numpy()
        # GELU (Hendrycks and Gimpel 2016, equation 1).
        hidden = hidden / 2 * (1 + erf(hidden / np.sqrt(2)))
    return hidden


@pytest.mark.parametrize("crosses", [0, 1, 3])
def test_network_agrees_with_numpy(crosses: int, features: np.ndarray) -> None:
    ranker = Ranker(["purchase", "click"], 3, [8, 4], crosses=crosses)
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


PARTS = [
    {},
    {"crosses": 3},
    {"experts": 3},
    {"given": {"purchase": "click"}},
    {"attended_events": 4, "vector_size": 6},
    {"position_slots": 5},
    {"given": {"click": "purchase"}, "crosses": 2, "experts": 2, "attended_events": 4, "vector_size": 6},
]


@pytest.fixture
def inputs(features: np.ndarray) -> dict[str, np.ndarray]:
    """Candidates with vectors and positions, and a history of two and of no events."""
    random = np.random.default_rng(3)
    candidates, events = (random.normal(size=(2, count, 6)).astype(np.float32) for count in (5, 2))
    ages, positions = np.array([[8, 0.5], [-1, -1]], np.float32), random.integers(-1, 5, (2, 5))
    return {"features": features, "candidates": candidates, "events": events, "ages": ages, "positions": positions}


@pytest.mark.parametrize("parts", PARTS)
def test_a_saved_ranker_gives_the_same_logits(parts: dict, inputs: dict[str, np.ndarray], tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    ranker = Ranker(["purchase", "click"], 3, [8, 4], **parts)
    ranker.set_scale(np.array([1.0, 0.5, -2.0]), np.array([4.0, 0.25, 1.0]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(ranker(inputs) ** 2)
    weights = [weight.value for weight in ranker.trainable_weights]
    assert all(gradient.numpy().any() for gradient in tape.gradient(loss, weights))
    for weight in weights:
        weight.assign(np.random.default_rng(5).normal(size=weight.shape))
    ranker.save(tmp_path / "ranker.keras")
    loaded = keras.saving.load_model(tmp_path / "ranker.keras", compile=False)
    assert loaded.get_config() == ranker.get_config()
    np.testing.assert_array_equal(loaded(inputs).numpy(), ranker(inputs).numpy())
    assert Ranker.from_config(ranker.get_config()).get_config() == ranker.get_config()


@pytest.mark.parametrize("parts", PARTS)
def test_heads_are_linear_in_the_last_layer(parts: dict, inputs: dict[str, np.ndarray]) -> None:
    """What the bandit adds up is a vector of the width that the ranker says, and all that the heads see."""
    ranker = Ranker(["purchase", "click"], 3, [8, 4], **parts)
    layer = ranker.last_layer(inputs)
    assert layer.shape == (2, 5, ranker.width)
    assert ranker.width == (8 if parts.get("experts") else 4)
    nothing = ranker.heads(0 * layer)
    np.testing.assert_allclose(ranker.heads(3 * layer) - nothing, 3 * (ranker.heads(layer) - nothing), atol=1e-4)
    np.testing.assert_array_equal(ranker.logits_of(layer, inputs["positions"]), ranker(inputs))


def test_what_a_candidate_sees_of_the_history_stands_beside_its_features(inputs: dict[str, np.ndarray]) -> None:
    ranker = Ranker(["purchase"], 3, [4], crosses=0, attended_events=4, vector_size=6)
    attended = ranker.attention(inputs["candidates"], inputs["events"], inputs["ages"], inputs["ages"] >= 0)
    first = np.concatenate([inputs["features"], attended], axis=2)
    expected = ranker.layers_hidden[0](first)
    np.testing.assert_allclose(ranker.last_layer(inputs), expected, atol=1e-5)


def test_experts_see_the_crossed_features(features: np.ndarray) -> None:
    ranker = Ranker(["purchase", "click"], 3, [8, 4], experts=2)
    expected = ranker.mixture(ranker.crosses[0](features, features)).numpy().reshape(2, 5, 8)
    np.testing.assert_allclose(ranker.last_layer(features), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"given": {"click": "view"}}, "click.given: no objective is called 'view'; there are purchase, click"),
        ({"attended_events": 3}, "vector_size: 0 where 3 events are attended to"),
        ({"vector_size": 8}, "vector_size: 8 where 0 events are attended to"),
    ],
)
def test_parts_that_do_not_fit(parts: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        Ranker(["purchase", "click"], 3, [8, 4], **parts)
