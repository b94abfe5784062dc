from collections.abc import Callable
from pathlib import Path

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from trainer.text_encoder import TextEncoder, encode_texts
from trainer.text_files import TextCheckpointError

WORDS = ["milk", "whole", "cheese", "##s"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
TEXTS = ["whole milk", "cheese", "", "milk milk milk whole milk whole", "🧀 \x00"]
SIZES = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 12, "max_sequence_length": 16}


def sentence_piece(pieces: list[tuple[str, int]]) -> bytes:
    """The protocol buffer of a SentencePiece unigram model: pieces, scores and types (2 unknown, 3 control)."""

    def piece(text: str, kind: int) -> bytes:
        encoded = text.encode()
        score = np.float32(-len(text)).tobytes()
        return bytes([0x0A, len(encoded)]) + encoded + b"\x15" + score + bytes([0x18, kind])

    bodies = [piece(text, kind) for text, kind in pieces]
    return b"".join(bytes([0x0A, len(body)]) + body for body in bodies)


UNIGRAM = [("\u2581milk", 1), ("\u2581whole", 1), ("\u2581cheese", 1), ("\u2581", 1), ("m", 1), ("i", 1)]
ALBERT = [("<pad>", 3), ("<unk>", 2), ("[CLS]", 3), ("[SEP]", 3), ("[MASK]", 3), *UNIGRAM]
XLM_ROBERTA = [("<unk>", 2), ("<s>", 3), ("</s>", 3), *UNIGRAM]
models, tokenizers = keras_hub.models, keras_hub.tokenizers


def word_piece(kind: type) -> keras_hub.tokenizers.Tokenizer:
    return kind(vocabulary=SPECIAL + WORDS, lowercase=True)


def byte_pair() -> keras_hub.tokenizers.Tokenizer:
    # All letters of the texts: a real vocabulary has all bytes, and releases differ in what they do without.
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *"milkwhoecs", "mi", "lk", "milk", "Ġ"]
    return tokenizers.RobertaTokenizer({token: place for place, token in enumerate(tokens)}, ["m i", "l k", "mi lk"])


FAMILIES: dict[str, tuple[Callable, Callable]] = {
    "bert": (models.BertBackbone, lambda: word_piece(tokenizers.BertTokenizer)),
    "distil_bert": (models.DistilBertBackbone, lambda: word_piece(tokenizers.DistilBertTokenizer)),
    "electra": (
        lambda vocabulary_size, **sizes: models.ElectraBackbone(vocabulary_size, embedding_dim=8, **sizes),
        lambda: word_piece(tokenizers.ElectraTokenizer),
    ),
    "roberta": (models.RobertaBackbone, byte_pair),
    "xlm_roberta": (
        models.XLMRobertaBackbone,
        lambda: tokenizers.XLMRobertaTokenizer(proto=sentence_piece(XLM_ROBERTA)),
    ),
    "albert": (
        lambda **sizes: models.AlbertBackbone(**sizes, embedding_dim=8),
        lambda: tokenizers.AlbertTokenizer(proto=sentence_piece(ALBERT)),
    ),
    "deberta_v3": (
        lambda **sizes: models.DebertaV3Backbone(**sizes, bucket_size=8),
        lambda: tokenizers.DebertaV3Tokenizer(proto=sentence_piece(ALBERT).replace(b"<pad>", b"[PAD]")),
    ),
}


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a family to a preset of it with random weights."""

    def write(family: str) -> Path:
        folder = tmp_path_factory.mktemp(family)
        make_backbone, make_tokenizer = FAMILIES[family]
        tokenizer = make_tokenizer()
        backbone = make_backbone(vocabulary_size=tokenizer.vocabulary_size() + 2, dropout=0.1, **SIZES)
        random = np.random.default_rng(0)
        backbone.set_weights([random.normal(0, 0.5, weight.shape) for weight in backbone.weights])
        backbone.save_to_preset(folder)
        tokenizer.save_to_preset(folder)
        return folder

    return write


def pooled_alone(encoder: TextEncoder, text: str) -> np.ndarray:
    """A text by itself, with the preset's own tokenizer."""
    kind = getattr(encoder.tokenize, "tokenizer", None)
    tokens = kind.tokenize(text) if kind else encoder.tokenize.pieces(tf.constant([text]))[0]
    pieces = np.asarray(tokens).tolist()
    tokens = np.array([[encoder.tokenize.start, *pieces[:6], encoder.tokenize.end]], np.int32)
    inputs = {"token_ids": tokens, "padding_mask": np.ones_like(tokens), "segment_ids": np.zeros_like(tokens)}
    output = encoder.backbone({name: inputs[name] for name in encoder.backbone.input})
    mean = (output["sequence_output"] if isinstance(output, dict) else output).numpy()[0].mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_preset_on_disk_encodes(family: str, preset: Callable[[str], Path], tmp_path: Path) -> None:
    encoder = TextEncoder.from_preset(str(preset(family)), max_tokens=8)
    vectors = encoder(TEXTS).numpy()
    np.testing.assert_allclose(vectors[0], pooled_alone(encoder, TEXTS[0]), atol=1e-5)
    np.testing.assert_allclose(vectors[3], pooled_alone(encoder, TEXTS[3]), atol=1e-5)
    np.testing.assert_allclose(encode_texts(encoder, TEXTS), vectors, atol=1e-5)
    encoder.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras")
    np.testing.assert_allclose(loaded(TEXTS).numpy(), vectors, atol=1e-6)
    assert loaded.fingerprint == encoder.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("family", ["distil_bert", "roberta", "xlm_roberta"])
def test_other_families_export(family: str, preset: Callable[[str], Path], tmp_path: Path) -> None:
    encoder = TextEncoder.from_preset(str(preset(family)), max_tokens=8)
    module = tf.Module()
    module.encoder = encoder
    module.embed = tf.function(encoder, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.embed(tf.constant(TEXTS)), encoder(TEXTS), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["distil_bert", "roberta"])
def test_adapters_of_another_family(family: str, preset: Callable[[str], Path]) -> None:
    folder = str(preset(family))
    plain = TextEncoder.from_preset(folder, max_tokens=8)
    adapted = TextEncoder.from_preset(folder, max_tokens=8, mode="lora", lora_rank=2)
    assert len(adapted.trainable_variables) == 2 * 2 * SIZES["num_layers"]
    np.testing.assert_allclose(adapted(TEXTS), plain(TEXTS), atol=1e-5)


def test_a_bert_preset_becomes_a_hugging_face_folder(preset: Callable[[str], Path], tmp_path: Path) -> None:
    encoder = TextEncoder.from_preset(str(preset("bert")), max_tokens=8)
    encoder.save_folder(tmp_path)
    np.testing.assert_allclose(TextEncoder.load(tmp_path, max_tokens=8)(TEXTS), encoder(TEXTS), atol=1e-6)


def test_another_family_has_no_folder(preset: Callable[[str], Path], tmp_path: Path) -> None:
    encoder = TextEncoder.from_preset(str(preset("distil_bert")), max_tokens=8)
    with pytest.raises(TextCheckpointError) as caught:
        encoder.save_folder(tmp_path)
    expected = "DistilBertBackbone has no Hugging Face folder here, write a .keras file with save()"
    assert str(caught.value) == f"{tmp_path}: {expected}"


def test_presets_that_cannot_be_used(preset: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(TextCheckpointError, match=f"^{tmp_path}: not a KerasHub preset: .*$"):
        TextEncoder.from_preset(str(tmp_path), max_tokens=8)
    with pytest.raises(TextCheckpointError, match="max_tokens is 17, must be 3 to 16$"):
        TextEncoder.from_preset(str(preset("bert")), max_tokens=17)
    network = models.FNetBackbone(10, 1, 8, 12, max_sequence_length=16)
    network.save_to_preset(tmp_path / "f_net")
    tokenizers.FNetTokenizer(proto=sentence_piece(ALBERT)).save_to_preset(tmp_path / "f_net")
    with pytest.raises(TextCheckpointError) as caught:
        TextEncoder.from_preset(str(tmp_path / "f_net"), max_tokens=8)
    expected = "FNetBackbone is no encoder of token_ids and padding_mask to token vectors"
    assert str(caught.value) == f"{tmp_path}/f_net: {expected}"
