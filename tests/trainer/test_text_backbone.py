import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import save_file

from trainer.text_backbone import build_backbone, copy_backbone
from trainer.text_checkpoint import BertConfig, TextCheckpoint, TextCheckpointError, TokenizerConfig, read_checkpoint
from trainer.text_encoder import TextEncoder

CONFIG = BertConfig(
    model_type="bert",
    vocab_size=11,
    hidden_size=8,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=10,
)
Weights = dict[str, np.ndarray]


@pytest.fixture
def weights() -> Weights:
    """Random weights by today's Hugging Face names, large enough that GELU and its tanh approximation differ."""
    random = np.random.default_rng(0)
    width, inner = CONFIG.hidden_size, CONFIG.intermediate_size
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (CONFIG.vocab_size, width),
        "embeddings.position_embeddings.weight": (CONFIG.max_position_embeddings, width),
        "embeddings.token_type_embeddings.weight": (2, width),
    }
    linear = {"pooler.dense": (width, width)}
    norms = ["embeddings.LayerNorm"]
    for layer in range(CONFIG.num_hidden_layers):
        block = f"encoder.layer.{layer}"
        linear |= {f"{block}.attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        linear |= {f"{block}.attention.output.dense": (width, width)}
        linear |= {f"{block}.intermediate.dense": (inner, width), f"{block}.output.dense": (width, inner)}
        norms += [f"{block}.attention.output.LayerNorm", f"{block}.output.LayerNorm"]
    for name, shape in linear.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    for name in norms:
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    return {name: random.normal(0, 0.7, shape).astype(np.float32) for name, shape in shapes.items()}


def checkpoint_of(folder: Path, weights: Weights) -> TextCheckpoint:
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in weights.items()}, folder / "model.safetensors")
    return TextCheckpoint(folder, CONFIG, TokenizerConfig(), ("[PAD]",), "mean", "digest")


def older_names(weights: Weights) -> Weights:
    """The key style of the checkpoints that were converted from the first BERT release, with a head on top."""
    older = {
        f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in weights.items()
    }
    return {**older, "cls.predictions.bias": np.zeros(CONFIG.vocab_size, np.float32)}


def layer_norm(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(x.var(axis=-1, keepdims=True) + CONFIG.layer_norm_eps)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x: np.ndarray, weights: Weights, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def attention(x: np.ndarray, weights: Weights, block: str, mask: np.ndarray, config: BertConfig) -> np.ndarray:
    heads, size = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    query, key, value = (
        linear(x, weights, f"{block}.attention.self.{part}").reshape(*x.shape[:2], heads, size).transpose(0, 2, 1, 3)
        for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(size) + np.where(mask[:, None, None, :] == 1, 0, -1e9)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = (shares / shares.sum(axis=-1, keepdims=True)) @ value
    return linear(mixed.transpose(0, 2, 1, 3).reshape(x.shape), weights, f"{block}.attention.output.dense")


def reference(
    weights: Weights, tokens: np.ndarray, mask: np.ndarray, config: BertConfig = CONFIG
) -> tuple[np.ndarray, np.ndarray]:
    """Sequence and pooled output in float64: Devlin et al. 2019, "BERT", with the exact GELU."""
    weights = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    x = weights["embeddings.word_embeddings.weight"][tokens] + weights["embeddings.token_type_embeddings.weight"][0]
    x = x + weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
    x = layer_norm(x, weights, "embeddings.LayerNorm")
    for layer in range(config.num_hidden_layers):
        block = f"encoder.layer.{layer}"
        x = layer_norm(x + attention(x, weights, block, mask, config), weights, f"{block}.attention.output.LayerNorm")
        inner = linear(x, weights, f"{block}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        x = layer_norm(x + linear(inner, weights, f"{block}.output.dense"), weights, f"{block}.output.LayerNorm")
    return x, np.tanh(linear(x[:, 0], weights, "pooler.dense"))


@pytest.fixture
def inputs() -> dict[str, np.ndarray]:
    tokens = np.random.default_rng(1).integers(0, CONFIG.vocab_size, (3, 6)).astype(np.int32)
    mask = np.array([[1] * 6, [1] * 4 + [0] * 2, [1] * 2 + [0] * 4], np.int32)
    return {"token_ids": tokens, "padding_mask": mask, "segment_ids": np.zeros_like(tokens)}


@pytest.mark.parametrize("older", [False, True])
def test_agrees_with_numpy(tmp_path: Path, weights: Weights, inputs: dict[str, np.ndarray], older: bool) -> None:
    backbone = build_backbone(checkpoint_of(tmp_path, older_names(weights) if older else weights))
    output = backbone(inputs, training=False)
    sequence, pooled = reference(weights, inputs["token_ids"], inputs["padding_mask"])
    real = inputs["padding_mask"] == 1
    np.testing.assert_allclose(output["sequence_output"].numpy()[real], sequence[real], atol=1e-4)
    np.testing.assert_allclose(output["pooled_output"].numpy(), pooled, atol=1e-4)


def test_the_bundled_network_agrees_with_numpy() -> None:
    """MiniLM, its vectors included, against the equations in float64."""
    texts = ["whole milk 1 gallon", "", "Crème brûlée, für zwei – 牛奶 🥛", "AA batteries, 4 pack " * 8]
    checkpoint, encoder = read_checkpoint(None), TextEncoder.load(None, max_tokens=32)
    tokens = {name: values.numpy() for name, values in encoder.tokenize(tf.constant(texts)).items()}
    mask = tokens["padding_mask"]
    sequence, _ = reference(checkpoint.weights, tokens["token_ids"], mask, checkpoint.config)
    hidden = encoder.hidden_states(tokens).numpy()
    np.testing.assert_allclose(hidden[mask == 1], sequence[mask == 1], atol=1e-4)
    mean = (sequence * mask[:, :, np.newaxis]).sum(axis=1)
    np.testing.assert_allclose(encoder(texts), mean / np.linalg.norm(mean, axis=1, keepdims=True), atol=1e-4)


def test_copy_computes_the_same(tmp_path: Path, weights: Weights, inputs: dict[str, np.ndarray]) -> None:
    backbone = build_backbone(checkpoint_of(tmp_path, weights))
    expected = backbone(inputs, training=False)["sequence_output"].numpy()
    copy = copy_backbone(backbone, "float32")
    np.testing.assert_allclose(copy(inputs, training=False)["sequence_output"].numpy(), expected, atol=1e-6)
    half = copy_backbone(backbone, "mixed_bfloat16")(inputs, training=False)["sequence_output"]
    assert half.dtype == "bfloat16"


QUERY = "encoder.layer.1.attention.self.query.weight"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({QUERY: None}, f"weight {QUERY} is missing"),
        ({"embeddings.LayerNorm.bias": None}, "weight embeddings.LayerNorm.bias is missing"),
        ({QUERY: np.zeros((8, 7))}, f"weight {QUERY} has shape (8, 7), config.json asks for (8, 8)"),
        (
            {"encoder.layer.0.output.dense.weight": np.zeros((12, 8))},
            "weight encoder.layer.0.output.dense.weight has shape (12, 8), config.json asks for (8, 12)",
        ),
        (
            {"embeddings.word_embeddings.weight": np.zeros((10, 8))},
            "weight embeddings.word_embeddings.weight has shape (10, 8), config.json asks for (11, 8)",
        ),
        (
            {"encoder.layer.2.output.dense.bias": np.zeros(8)},
            "weight encoder.layer.2.output.dense.bias has no place in the network of config.json",
        ),
    ],
)
def test_weights_must_fit(tmp_path: Path, weights: Weights, changes: dict, line: str) -> None:
    changed = {name: tensor for name, tensor in {**weights, **changes}.items() if tensor is not None}
    with pytest.raises(TextCheckpointError) as caught:
        build_backbone(checkpoint_of(tmp_path, changed))
    assert str(caught.value) == f"{tmp_path}/model.safetensors: {line}"
