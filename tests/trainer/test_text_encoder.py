import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from trainer import text_encoder
from trainer.text_checkpoint import TextCheckpointError, bundled_folder
from trainer.text_encoder import TextEncoder, encode_texts

TEXTS = ["whole milk 1 gallon", "", "skimmed milk, half a gallon", "AA batteries 4 pack", "crème brûlée"]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    """The bundled MiniLM."""
    return TextEncoder.load(None, max_tokens=16)


@pytest.fixture(scope="module")
def vectors(encoder: TextEncoder) -> np.ndarray:
    return encoder(tf.constant(TEXTS)).numpy()


def test_vectors_are_float32_of_unit_length(encoder: TextEncoder, vectors: np.ndarray) -> None:
    assert vectors.shape == (len(TEXTS), encoder.dimension) == (5, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_similar_texts_are_closer(vectors: np.ndarray) -> None:
    similarity = vectors @ vectors.T
    assert similarity[0, 2] > 0.6
    assert similarity[0, 2] > similarity[0, 3] + 0.3


def test_mean_pooling_leaves_padding_out(encoder: TextEncoder) -> None:
    inputs = encoder.tokenize(tf.constant(TEXTS[:1]))
    inputs["segment_ids"] = tf.zeros_like(inputs["token_ids"])
    hidden = encoder.backbone(inputs, training=False)["sequence_output"].numpy()
    mean = hidden[0].mean(axis=0)
    padded = encoder(tf.constant([TEXTS[0], "a much longer text about cheese, wine and olives"])).numpy()
    np.testing.assert_allclose(padded[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_a_batch_does_not_change_a_text(encoder: TextEncoder, vectors: np.ndarray) -> None:
    alone = np.concatenate([encoder(tf.constant([text])).numpy() for text in TEXTS])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_fingerprint_follows_what_decides_a_vector(encoder: TextEncoder) -> None:
    assert TextEncoder.load(None, 16).fingerprint == encoder.fingerprint
    assert TextEncoder.load(None, 17).fingerprint != encoder.fingerprint


@pytest.mark.parametrize("max_tokens", [2, 513])
def test_length_must_fit_the_network(max_tokens: int) -> None:
    with pytest.raises(TextCheckpointError) as caught:
        TextEncoder.load(None, max_tokens)
    assert str(caught.value) == f"{bundled_folder()}: max_tokens is {max_tokens}, must be 3 to 512"


def test_equal_texts_are_encoded_once(
    encoder: TextEncoder, vectors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    encode_corpus = text_encoder.encode_corpus

    def counted(encoder: TextEncoder, texts: list[str], progress: object) -> np.ndarray:
        calls.append(texts)
        return encode_corpus(encoder, texts, progress)

    monkeypatch.setattr(text_encoder, "encode_corpus", counted)
    twice = encode_texts(encoder, TEXTS + TEXTS[::-1])
    assert calls == [TEXTS]
    np.testing.assert_allclose(twice, np.concatenate([vectors, vectors[::-1]]), atol=1e-5)


def test_no_texts_no_vectors(encoder: TextEncoder, tmp_path: Path) -> None:
    assert encode_texts(encoder, [], cache_dir=tmp_path).shape == (0, 384)


def test_cached_texts_are_not_encoded(encoder: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[tuple[int, int]] = []
    first = encode_texts(encoder, TEXTS[:3], tmp_path)
    grown = encode_texts(encoder, TEXTS, tmp_path, lambda done, total: steps.append((done, total)))
    np.testing.assert_array_equal(grown[:3], first)
    assert steps == [(5, 5)]
    monkeypatch.setattr(text_encoder, "encode_corpus", None)
    np.testing.assert_array_equal(encode_texts(encoder, TEXTS, tmp_path), grown)


def test_a_spoilt_cache_is_rebuilt(encoder: TextEncoder, vectors: np.ndarray, tmp_path: Path) -> None:
    encode_texts(encoder, TEXTS, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    np.testing.assert_allclose(encode_texts(encoder, TEXTS, tmp_path), vectors, atol=1e-5)
    with np.load(file) as cache:
        assert cache["vectors"].shape == (len(TEXTS), 384)


READER = """
import sys
import numpy as np
import tensorflow as tf
import tensorflow_text
loaded = tf.saved_model.load(sys.argv[1])
texts = np.load(sys.argv[2])
np.save(sys.argv[3], loaded.signatures["serving_default"](texts=tf.constant(texts))["vectors"])
assert "keras_hub" not in sys.modules
"""


class Embedder(tf.Module):
    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        self.weights = encoder.tf_variables()
        self.encoder = encoder

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def embed(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"vectors": self.encoder(texts)}


def test_export_works_in_a_process_without_keras_hub(encoder: TextEncoder, vectors: np.ndarray, tmp_path: Path) -> None:
    module = Embedder(encoder)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.embed)
    assets = tmp_path / "model" / "assets"
    assert not assets.exists() or not any(assets.iterdir())
    np.save(tmp_path / "texts.npy", np.array([text.encode() for text in TEXTS]))
    arguments = [str(tmp_path / name) for name in ("model", "texts.npy", "vectors.npy")]
    subprocess.run([sys.executable, "-c", READER, *arguments], check=True, cwd=tmp_path, timeout=120)
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy"), vectors, atol=1e-5)
