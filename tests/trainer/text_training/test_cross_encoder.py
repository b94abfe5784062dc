from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.text_encoder import TextEncoder
from trainer.text_files import TextCheckpointError
from trainer.text_training.cross_encoder import CrossEncoder

QUERIES = ["whole milk", "soap"]
DOCUMENTS = [["skimmed milk", "rye bread white bread old cheese young cheese", ""], ["mild soap", "soap", "milk"]]


@pytest.fixture(scope="module")
def model(checkpoint_folder: Path) -> CrossEncoder:
    return CrossEncoder(TextEncoder.load(checkpoint_folder, 10, mode="full"), query_tokens=3)


def test_query_and_document_share_a_row(model: CrossEncoder) -> None:
    tokens = model.tokenize(tf.constant(QUERIES), tf.constant(DOCUMENTS))
    words = np.array(model.encoder.tokenize.vocabulary)[tokens["token_ids"].numpy()]
    rows = [row[mask == 1].tolist() for row, mask in zip(words, tokens["padding_mask"].numpy(), strict=True)]
    assert rows[0] == ["[CLS]", "whole", "milk", "[SEP]", "skimmed", "milk", "[SEP]"]
    assert rows[1] == ["[CLS]", "whole", "milk", "[SEP]", "rye", "bread", "white", "bread", "old", "[SEP]"]
    assert rows[2] == ["[CLS]", "whole", "milk", "[SEP]", "[SEP]"]
    assert rows[3] == ["[CLS]", "soap", "[SEP]", "mild", "soap", "[SEP]"]
    pairs = zip(tokens["segment_ids"].numpy(), tokens["padding_mask"].numpy(), strict=True)
    segments = [row[mask == 1].tolist() for row, mask in pairs]
    assert segments[0] == [0, 0, 0, 0, 1, 1, 1]
    assert segments[3] == [0, 0, 0, 1, 1, 1]
    long = model.tokenize(tf.constant(["milk bread soap cheese brush"]), tf.constant([["soap"]]))
    assert long["padding_mask"].numpy().sum() == 3 + 2 + 1 + 1


def test_scores_come_from_the_pooled_first_token(model: CrossEncoder) -> None:
    logits = model.score(tf.constant(QUERIES), tf.constant(DOCUMENTS)).numpy()
    assert logits.shape == (2, 3)
    assert logits.dtype == np.float32
    for query, texts, expected in zip(QUERIES, DOCUMENTS, logits, strict=True):
        for text, logit in zip(texts, expected, strict=True):
            tokens = model.tokenize(tf.constant([query]), tf.constant([[text]]))
            first = model.encoder.backbone(tokens)["sequence_output"].numpy()[0, 0]
            dense, scorer = model.encoder.backbone.pooled_dense, model.scorer
            pooled = np.tanh(first @ dense.kernel.numpy() + dense.bias.numpy())
            alone = pooled @ scorer.kernel.numpy() + scorer.bias.numpy()
            np.testing.assert_allclose(alone[0], logit, atol=1e-4)
    inside = tf.function(model.score)(tf.constant(QUERIES), tf.constant(DOCUMENTS))
    np.testing.assert_allclose(inside, logits, atol=1e-5)
    strings = model.scores(np.array(QUERIES, object), np.array(DOCUMENTS, object))
    np.testing.assert_allclose(strings, logits, atol=1e-5)
    assert model.scores(np.array(QUERIES, object), np.zeros((2, 0), object)).shape == (2, 0)


def test_it_survives_keras_files_and_folders(model: CrossEncoder, tmp_path: Path) -> None:
    expected = model.score(tf.constant(QUERIES), tf.constant(DOCUMENTS))
    model.save(tmp_path / "cross_encoder.keras")
    again = keras.models.load_model(tmp_path / "cross_encoder.keras")
    np.testing.assert_allclose(again.score(tf.constant(QUERIES), tf.constant(DOCUMENTS)), expected, atol=1e-5)
    model.save_folder(tmp_path / "folder")
    again = CrossEncoder.load(tmp_path / "folder")
    assert (again.query_tokens, again.encoder.max_tokens, again.trainable_variables[2:]) == (3, 10, [])
    np.testing.assert_allclose(again.score(tf.constant(QUERIES), tf.constant(DOCUMENTS)), expected, atol=1e-5)


def test_it_is_served(model: CrossEncoder, tmp_path: Path) -> None:
    module = tf.Module()
    module.held = [model.encoder.tokenize, *model.tf_variables()]
    module.score = tf.function(
        model.score, input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None, None], tf.string)]
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    served = loaded.score(tf.constant(QUERIES), tf.constant(DOCUMENTS))
    np.testing.assert_allclose(served, model.score(tf.constant(QUERIES), tf.constant(DOCUMENTS)), atol=1e-5)


def test_what_it_cannot_be_made_of(model: CrossEncoder, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="^query_tokens is 7, must be 1 to 6$"):
        CrossEncoder(model.encoder, query_tokens=7)
    model.save_folder(tmp_path)
    (tmp_path / "scorer.safetensors").unlink()
    with pytest.raises(TextCheckpointError, match="scorer.safetensors"):
        CrossEncoder.load(tmp_path)
