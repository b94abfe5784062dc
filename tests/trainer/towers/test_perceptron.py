import keras
import numpy as np
import pytest

from trainer.towers.perceptron import Perceptron

INPUTS = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def test_it_is_a_hidden_layer_and_a_projection() -> None:
    layer = Perceptron(2, hidden=5)
    outputs = layer(INPUTS)
    kernel, bias, out_kernel, out_bias = layer.get_weights()
    assert kernel.shape == (3, 5)
    hidden = keras.activations.gelu(INPUTS @ kernel + bias)
    np.testing.assert_allclose(outputs, hidden @ out_kernel + out_bias, atol=1e-6)


def test_without_a_hidden_layer_it_is_linear() -> None:
    layer = Perceptron(2, hidden=0)
    outputs = layer(INPUTS)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(outputs, INPUTS @ kernel + bias, atol=1e-6)


def test_config_round_trip() -> None:
    layer = Perceptron(2, hidden=5)
    assert Perceptron.from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_negative_width_is_named() -> None:
    with pytest.raises(ValueError, match=r"^hidden: at least 0, not -1$"):
        Perceptron(2, hidden=-1)
