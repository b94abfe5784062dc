from pathlib import Path

import keras
import numpy as np
import pytest
from scipy.special import erf, softmax

from trainer.mixture_of_experts import MixtureOfExperts, SeparateHeads


@pytest.fixture
def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)


@pytest.fixture
def mixture(inputs: np.ndarray) -> MixtureOfExperts:
    keras.utils.set_random_seed(0)
    mixture = MixtureOfExperts(objectives=2, experts=3, hidden=[6, 4])
    mixture(inputs)
    return mixture


def gelu(values: np.ndarray) -> np.ndarray:
    return values / 2 * (1 + erf(values / np.sqrt(2)))


def test_it_agrees_with_the_paper(mixture: MixtureOfExperts, inputs: np.ndarray) -> None:
    """Ma et al. 2018, equations 6 and 7, one expert and one objective at a time."""
    weights = [(layer.kernel.numpy(), layer.bias.numpy()) for layer in mixture.layers_of_experts]
    experts = []
    for first, second in (weights[:2], weights[2:4], weights[4:]):
        hidden = gelu(inputs @ first[0] + first[1])
        experts.append(gelu(hidden @ second[0] + second[1]))
    kernels = np.split(mixture.gates.kernel.numpy(), 2, axis=1)
    for objective, kernel in enumerate(kernels):
        gate = softmax(inputs @ kernel, axis=-1)
        expected = sum(gate[..., [number]] * expert for number, expert in enumerate(experts))
        np.testing.assert_allclose(mixture(inputs).numpy()[:, :, objective], expected, atol=1e-5)
        np.testing.assert_allclose(mixture.shares(inputs).numpy()[:, :, objective], gate, atol=1e-6)


def test_heads_see_their_own_part() -> None:
    heads = SeparateHeads(2)
    layer = np.arange(8, dtype=np.float32).reshape(1, 1, 8)
    heads(layer)
    heads.set_weights([np.array([[1, 0, 0, 0], [0, 0, 0, 2]], np.float32), np.array([0.5, -1], np.float32)])
    assert heads(layer).numpy().tolist() == [[[0.5, 13]]]


def test_saved_and_loaded(mixture: MixtureOfExperts, inputs: np.ndarray, tmp_path: Path) -> None:
    asked = keras.Input((None, 3))
    flat = keras.layers.Reshape((-1, 8))(mixture(asked))
    model = keras.Model(asked, SeparateHeads(2)(flat))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    assert MixtureOfExperts.from_config(mixture.get_config()).get_config() == mixture.get_config()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((0, 2, [4]), "mix: needs one of each at least, got 0 objectives, 2 experts and 1 layers"),
        ((1, 0, [4]), "mix: needs one of each at least, got 1 objectives, 0 experts and 1 layers"),
        ((1, 2, []), "mix: needs one of each at least, got 1 objectives, 2 experts and 0 layers"),
    ],
)
def test_numbers_that_are_refused(numbers: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        MixtureOfExperts(*numbers, name="mix")
