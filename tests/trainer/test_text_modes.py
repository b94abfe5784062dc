import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from trainer.text_checkpoint import TextCheckpointError
from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_modes import Mode

TEXTS = ["whole milk", "", "old cheese for e", "green soap green soap green soap"]
ALL_TARGETS = ("query", "key", "value", "attention_output", "feedforward")
LoadTiny = Callable[..., TextEncoder]


@pytest.fixture(scope="module")
def load(checkpoint_folder: Path) -> LoadTiny:
    return lambda **options: TextEncoder.load(checkpoint_folder, max_tokens=8, **options)


@pytest.fixture(scope="module")
def plain(load: LoadTiny) -> np.ndarray:
    return load()(TEXTS).numpy()


def disturb(encoder: TextEncoder) -> np.ndarray:
    """Change what trains, as training would; the vectors after it."""
    random = np.random.default_rng(0)
    for variable in encoder.trainable_variables:
        variable.assign_add(random.normal(0, 0.3, variable.shape))
    return encoder(TEXTS).numpy()


@pytest.mark.parametrize(
    ("mode", "options", "count"),
    [
        ("frozen", {}, 0),
        ("frozen", {"projection": 8}, 0),
        ("head", {}, 2),
        ("lora", {}, 4),
        ("lora", {"projection": 8}, 6),
        ("lora", {"lora_targets": ALL_TARGETS}, 12),
        ("full", {}, 21),
    ],
)
def test_what_trains(load: LoadTiny, plain: np.ndarray, mode: Mode, options: dict, count: int) -> None:
    encoder = load(mode=mode, **options)
    np.testing.assert_allclose(encoder(TEXTS), plain, atol=1e-5)
    variables = encoder.trainable_variables
    assert len(variables) == count
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(encoder(TEXTS, training=True)[:, 0])
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    assert all(gradient is not None for gradient in gradients)


def test_a_shorter_projection_keeps_most_of_the_angles(load: LoadTiny, plain: np.ndarray) -> None:
    encoder = load(mode="head", projection=6)
    assert encoder.dimension == 6
    kernel = encoder.projection.kernel.numpy()
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(6), atol=1e-5)
    projected = plain @ kernel
    expected = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(encode_texts(encoder, TEXTS), expected, atol=1e-5)


def test_dropout_only_while_the_network_trains(load: LoadTiny, plain: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    assert np.abs(load(mode="full")(TEXTS, training=True) - plain).max() > 0.01
    np.testing.assert_allclose(load(mode="head")(TEXTS, training=True), plain, atol=1e-5)


def test_mixed_bfloat16_keeps_float32_variables_and_vectors(load: LoadTiny, plain: np.ndarray) -> None:
    encoder = load(mode="full", precision="mixed_bfloat16")
    vectors = encoder(TEXTS)
    assert vectors.dtype == tf.float32
    assert {variable.dtype for variable in encoder.variables if variable.path.endswith("kernel")} == {"float32"}
    assert np.sum(vectors * plain, axis=1).min() > 0.99


@pytest.mark.parametrize(
    ("mode", "options"),
    [("head", {"projection": 6}), ("lora", {"lora_targets": ALL_TARGETS, "projection": 6}), ("full", {})],
)
def test_a_folder_holds_what_was_trained(load: LoadTiny, tmp_path: Path, mode: Mode, options: dict) -> None:
    """For adapters: merged equals unmerged."""
    encoder = load(mode=mode, **options)
    before = encoder.fingerprint
    vectors = disturb(encoder)
    assert encoder.fingerprint != before
    np.testing.assert_allclose(encode_texts(encoder, TEXTS), vectors, atol=1e-5)
    encoder.save_folder(tmp_path / "folder")
    loaded = TextEncoder.load(tmp_path / "folder", max_tokens=8)
    np.testing.assert_allclose(loaded(TEXTS), vectors, atol=1e-5)
    assert loaded.fingerprint == encoder.fingerprint
    assert not any("adapter" in variable.path for variable in loaded.variables)


def test_the_folder_is_that_of_sentence_transformers(load: LoadTiny, checkpoint_folder: Path, tmp_path: Path) -> None:
    load(mode="head", projection=6).save_folder(tmp_path)
    modules = json.loads((tmp_path / "modules.json").read_text())
    assert [(module["path"], module["type"].split(".")[-1]) for module in modules] == [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        ("2_Dense", "Dense"),
        ("3_Normalize", "Normalize"),
    ]
    written, original = (load_file(folder / "model.safetensors") for folder in (tmp_path, checkpoint_folder))
    assert written.keys() == original.keys()
    for name, tensor in original.items():
        np.testing.assert_array_equal(written[name], tensor)


READER = """
import sys
import keras
import numpy as np
import trainer.text_encoder
encoder = keras.saving.load_model(sys.argv[1])
np.save(sys.argv[2], encoder(["whole milk", "", "old cheese for e", "green soap green soap green soap"]))
print(encoder.mode, encoder.lora_rank, *encoder.lora_targets, len(encoder.trainable_variables))
"""


@pytest.mark.slow
def test_keras_file_in_a_fresh_process(load: LoadTiny, tmp_path: Path) -> None:
    encoder = load(mode="lora", lora_rank=2, lora_targets=("key", "feedforward"), projection=6)
    vectors = disturb(encoder)
    encoder.save(tmp_path / "encoder.keras")
    command = [sys.executable, "-c", READER, str(tmp_path / "encoder.keras"), str(tmp_path / "vectors.npy")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=240)
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy"), vectors, atol=1e-5)
    assert done.stdout.split("\n")[-2] == "lora 2 key feedforward 8"


def test_fits_with_keras(load: LoadTiny, plain: np.ndarray) -> None:
    encoder = load(mode="lora")
    encoder.compile(optimizer="adam", loss="mse")
    encoder.fit(tf.data.Dataset.from_tensors((tf.constant(TEXTS), tf.constant(-plain))), epochs=2, verbose=0)
    assert np.abs(encoder(TEXTS) - plain).max() > 1e-4


@pytest.mark.parametrize("texts", [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, object), tf.constant(TEXTS)])
def test_plain_strings(load: LoadTiny, plain: np.ndarray, texts: object) -> None:
    encoder = load()
    np.testing.assert_allclose(encoder(texts), plain, atol=1e-5)
    np.testing.assert_allclose(encoder.predict(texts, batch_size=3, verbose=0), plain, atol=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "milk " * 20_000,
        "😀🍎🥛",
        "\x00\x07\x1b",
        "牛奶 milk молоко حليب",
        "'; DROP TABLE items; -- [SEP] {{x}}",
        "\ud800",
    ],
)
def test_any_text_has_a_vector(load: LoadTiny, text: str) -> None:
    vector = load()([text]).numpy()
    np.testing.assert_allclose(np.linalg.norm(vector, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"mode": "tuned"}, "mode is 'tuned', must be one of frozen, head, lora, full"),
        ({"mode": "lora", "lora_rank": 0}, "lora_rank is 0, must be at least 1"),
        (
            {"mode": "lora", "lora_targets": ("pooler",)},
            "lora_targets names 'pooler', must be of query, key, value, attention_output, feedforward",
        ),
        ({"mode": "lora", "lora_targets": ()}, "lora_targets is empty, there would be nothing to train"),
    ],
)
def test_arguments_that_cannot_be(load: LoadTiny, options: dict, line: str) -> None:
    with pytest.raises(ValueError) as caught:
        load(**options)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("tensors", "line"),
    [
        ({"linear.bias": (6,)}, "2_Dense/model.safetensors: weight linear.weight is missing"),
        (
            {"linear.weight": (6, 7), "linear.bias": (6,)},
            "2_Dense/model.safetensors: weight linear.weight has shape (6, 7), config.json asks for (6, 8)",
        ),
    ],
)
def test_a_dense_layer_that_does_not_fit(load: LoadTiny, tmp_path: Path, tensors: dict, line: str) -> None:
    load(mode="head", projection=6).save_folder(tmp_path)
    arrays = {name: np.zeros(shape, np.float32) for name, shape in tensors.items()}
    save_file(arrays, tmp_path / "2_Dense" / "model.safetensors")
    with pytest.raises(TextCheckpointError) as caught:
        TextEncoder.load(tmp_path, max_tokens=8)
    assert str(caught.value) == f"{tmp_path}/{line}"


def test_the_projection_of_the_folder_is_not_changed(load: LoadTiny, tmp_path: Path) -> None:
    load(mode="head", projection=6).save_folder(tmp_path)
    with pytest.raises(TextCheckpointError) as caught:
        TextEncoder.load(tmp_path, max_tokens=8, projection=5)
    assert str(caught.value) == f"{tmp_path}: its vectors have 6 values, projection is 5"


def test_a_chinese_checkpoint(checkpoint_folder: Path, tmp_path: Path) -> None:
    """From characters to a vector: each ideograph is a token of its own, whatever surrounds it."""
    for path in checkpoint_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "牛", "奶", "红", "茶", "tea", "，"]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    encoder = TextEncoder.load(tmp_path, max_tokens=8)
    ids = encoder.tokenize(tf.constant(["红茶，TEA牛奶"]))["token_ids"].numpy()[0]
    assert [tokens[token] for token in ids] == ["[CLS]", "红", "茶", "，", "tea", "牛", "奶", "[SEP]"]
    vectors = encoder(["牛奶", "牛 奶", "红茶"]).numpy()
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)
    assert np.abs(vectors[0] - vectors[2]).max() > 0.01
