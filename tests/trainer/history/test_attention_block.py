import keras
import numpy as np
import pytest

from trainer.history.attention_block import AttentionBlock, CausalSelfAttention

LENGTH, WIDTH, DISTANCES = 5, 6, 3


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, LENGTH, WIDTH)).astype(np.float32)


def randomise(layer: keras.layers.Layer) -> None:
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(scale=0.5, size=weight.shape) for weight in layer.weights])


def attend(states: np.ndarray, layer: CausalSelfAttention) -> np.ndarray:
    """Vaswani et al. 2017, equation 1, event by event, with a bias for the distance."""
    kernel, bias = layer.projections.get_weights()
    out_kernel, out_bias = layer.output_projection.get_weights()
    distance_biases = keras.ops.convert_to_numpy(layer.distance_biases)
    size = WIDTH // layer.heads
    attended = np.zeros((LENGTH, WIDTH))
    for event, head in np.ndindex(LENGTH, layer.heads):
        own = slice(head * size, (head + 1) * size)
        queries, keys, values = (part[:, own] for part in np.split(states @ kernel + bias, 3, axis=1))
        logits = [
            queries[event] @ keys[other] / np.sqrt(size) + distance_biases[head, min(event - other, DISTANCES - 1)]
            for other in range(event + 1)
        ]
        weights = np.exp(logits) / np.exp(logits).sum()
        attended[event, own] = weights @ values[: event + 1]
    return attended @ out_kernel + out_bias


def norm(states: np.ndarray, layer: keras.layers.LayerNormalization) -> np.ndarray:
    """Ba et al. 2016, equation 4."""
    gain, bias = layer.get_weights()
    centred = states - states.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(states.var(axis=-1, keepdims=True) + 1e-6) * gain + bias


@pytest.mark.parametrize("heads", [1, 2])
def test_attention_agrees_with_numpy(states: np.ndarray, heads: int) -> None:
    layer = CausalSelfAttention(WIDTH, heads, 0.0, DISTANCES)
    layer.build(states.shape)
    randomise(layer)
    expected = [attend(rows.astype(np.float64), layer) for rows in states]
    np.testing.assert_allclose(layer(states), expected, atol=1e-4)


def test_the_block_agrees_with_numpy(states: np.ndarray) -> None:
    block = AttentionBlock(WIDTH, 1, 0.5, DISTANCES)
    block.build(states.shape)
    randomise(block)
    for rows, encoded in zip(states.astype(np.float64), block(states).numpy(), strict=True):
        middle = rows + attend(norm(rows, block.attention_norm), block.attention)
        (kernel, bias), (out_kernel, out_bias) = block.hidden.get_weights(), block.output_projection.get_weights()
        hidden = np.maximum(norm(middle, block.network_norm) @ kernel + bias, 0)
        np.testing.assert_allclose(encoded, middle + hidden @ out_kernel + out_bias, atol=1e-4)


def test_dropout_acts_in_training_only(states: np.ndarray) -> None:
    block = AttentionBlock(WIDTH, 2, 0.5, DISTANCES)
    np.testing.assert_array_equal(block(states), block(states, training=False))
    assert np.abs(block(states, training=True).numpy() - block(states).numpy()).max() > 0.1


@pytest.mark.parametrize(
    ("heads", "max_length", "message"),
    [
        (4, 3, "heads: a positive divisor of width 6, not 4"),
        (0, 3, "heads: a positive divisor of width 6, not 0"),
        (2, 0, "max_length: at least 1, not 0"),
    ],
)
def test_bad_arguments_are_named(heads: int, max_length: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        AttentionBlock(WIDTH, heads, 0.0, max_length)
    assert str(error.value) == message
