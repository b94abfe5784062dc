import logging
from pathlib import Path

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from trainer import text_corpus
from trainer.text_corpus import encode_corpus, supports_bfloat16, tokenize_corpus
from trainer.text_encoder import TextEncoder

TEXTS = ["whole milk 1 gallon", "", "skimmed milk, half a gallon", "AA batteries 4 pack", "lone \ud800 surrogate"]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    """The bundled MiniLM."""
    return TextEncoder.load(None, max_tokens=40)


@pytest.fixture(scope="module")
def expected(encoder: TextEncoder) -> np.ndarray:
    return encoder(tf.constant([text.encode(errors="replace") for text in TEXTS])).numpy()


def test_tokens_of_chunks_are_joined(encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tokenize_corpus(encoder, TEXTS)
    assert whole.lengths.tolist()[1] == 2
    monkeypatch.setattr(text_corpus, "TEXTS_PER_TOKENIZATION", 2)
    chunked = tokenize_corpus(encoder, TEXTS)
    np.testing.assert_array_equal(chunked.tokens, whole.tokens)
    np.testing.assert_array_equal(chunked.lengths, whole.lengths)


def test_few_texts_are_encoded_exactly(encoder: TextEncoder, expected: np.ndarray) -> None:
    steps: list[tuple[int, int]] = []
    vectors = encode_corpus(encoder, TEXTS, lambda done, total: steps.append((done, total)))
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert steps[-1] == (len(TEXTS), len(TEXTS))


def test_the_fast_function_agrees_with_float32(
    encoder: TextEncoder, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_corpus, "COMPILATION_PAYS_FROM_TOKENS", 0)
    vectors = encode_corpus(encoder, TEXTS)
    assert np.sum(vectors * expected, axis=1).min() > 0.999


def own_messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, without TensorFlow's words on functions that other tests of the process have traced."""
    return [record.getMessage() for record in caplog.records if record.name == "trainer.text_corpus"]


def test_a_function_that_disagrees_is_not_used(
    encoder: TextEncoder, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keras.utils.set_random_seed(0)
    other = keras_hub.models.BertBackbone(30522, 1, 2, 384, 8, dtype="float32")
    monkeypatch.setattr(text_corpus, "COMPILATION_PAYS_FROM_TOKENS", 0)
    monkeypatch.setattr(text_corpus, "supports_bfloat16", lambda: True)
    monkeypatch.setattr(text_corpus, "copy_backbone", lambda *_: other)
    with caplog.at_level(logging.WARNING):
        vectors = encode_corpus(encoder, TEXTS)
    [told] = own_messages(caplog)
    assert told.startswith("not encoding texts in mixed_bfloat16: cosine with float32")
    assert np.sum(vectors * expected, axis=1).min() > 0.99999


def test_without_xla_it_is_float32(
    encoder: TextEncoder, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: tf.Tensor) -> tf.Tensor:
        raise tf.errors.UnimplementedError(None, None, "no XLA\non this device")

    monkeypatch.setattr(text_corpus, "COMPILATION_PAYS_FROM_TOKENS", 0)
    monkeypatch.setattr(text_corpus, "packed_forward", lambda *_, **__: refuse)
    with caplog.at_level(logging.WARNING):
        vectors = encode_corpus(encoder, TEXTS)
    assert own_messages(caplog) == ["encoding texts without XLA, which is not available here: no XLA"]
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("flags", "supported"), [("avx512f avx512_bf16", True), ("amx_bf16 amx_tile", True), ("avx2 avx512f", False)]
)
def test_processor_flags_decide_on_bfloat16(tmp_path: Path, flags: str, supported: bool) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu {flags} sse2\n")
    assert supports_bfloat16(tmp_path / "cpuinfo") is supported
    assert supports_bfloat16(tmp_path / "absent") is False
