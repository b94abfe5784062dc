from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from tests.trainer.text_training.pretraining_shop import backbone
from trainer.text_training.pretraining_model import PretrainingModel

VOCABULARY, WIDTH, ROWS, LENGTH = 30, 8, 3, 6


def batch() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    mask = (np.arange(LENGTH) < np.array([[6], [4], [5]])).astype(np.int32)
    return {
        "token_ids": random.integers(5, VOCABULARY, (ROWS, LENGTH)).astype(np.int32) * mask,
        "segment_ids": (np.arange(LENGTH) > 2).astype(np.int32) * mask,
        "padding_mask": mask,
        "positions": np.array([1, 3, 7, 14, 0], np.int32),
        "targets": np.array([9, 12, 20, 6, 0], np.int32),
        "weights": np.array([1, 1, 1, 1, 0], np.float32),
        "labels": np.array([0, 1, 0], np.int32),
        "label_weights": np.array([1, 1, 0], np.float32),
    }


@pytest.fixture(scope="module")
def model() -> PretrainingModel:
    made = PretrainingModel(backbone(VOCABULARY, WIDTH), 0.5)
    random = np.random.default_rng(1)
    for weight in made.weights:
        if weight.dtype == "float32":
            weight.assign(random.normal(0, 0.5, weight.shape))
    made.compile(optimizer=keras.optimizers.SGD(0.1))
    return made


def test_the_loss_is_the_cross_entropy_of_both_objectives(model: PretrainingModel) -> None:
    inputs = batch()
    network = {name: inputs[name] for name in ("token_ids", "segment_ids", "padding_mask")}
    outputs = model.backbone(network, training=False)
    hidden = outputs["sequence_output"].numpy().reshape(-1, WIDTH)[inputs["positions"]]
    logits = model.language_head(hidden, model.backbone.token_embedding.embeddings).numpy()
    tokens = -log_softmax(logits, axis=1)[np.arange(5), inputs["targets"]][:4].mean()
    sentence = outputs["pooled_output"].numpy() @ model.sentence_head.kernel.numpy() + model.sentence_head.bias.numpy()
    pairs = -log_softmax(sentence, axis=1)[np.arange(3), inputs["labels"]][:2].mean()
    predicted = model(inputs, training=False)
    model.reset_metrics()
    loss = model.compute_loss(inputs, None, predicted)
    np.testing.assert_allclose(loss, tokens + 0.5 * pairs, rtol=1e-5)
    np.testing.assert_allclose(model.token_loss.result(), tokens, rtol=1e-5)
    right = (sentence.argmax(axis=1) == inputs["labels"])[:2].mean()
    np.testing.assert_allclose(model.sentence_accuracy.result(), right)


def test_padding_does_not_change_the_loss(model: PretrainingModel) -> None:
    inputs = batch()
    wide = dict(inputs)
    for name in ("token_ids", "segment_ids", "padding_mask"):
        wide[name] = np.pad(inputs[name], ((0, 2), (0, 4)))
    wide["positions"] = inputs["positions"] // LENGTH * (LENGTH + 4) + inputs["positions"] % LENGTH
    for name in ("labels", "label_weights"):
        wide[name] = np.pad(inputs[name], (0, 2))
    losses = [float(model.compute_loss(each, None, model(each, training=False))) for each in (inputs, wide)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_the_head_and_the_embeddings_share_a_table() -> None:
    model = PretrainingModel(backbone(VOCABULARY, WIDTH))
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    table = model.backbone.token_embedding.embeddings
    inputs, before = batch(), table.numpy()
    scores = model(inputs, training=False)["tokens"].numpy()
    table.assign(before + 1e-2 * np.eye(VOCABULARY, WIDTH))
    assert not np.allclose(model(inputs, training=False)["tokens"], scores)
    table.assign(before)
    model.train_on_batch(inputs)
    moved = np.abs(table.numpy() - before).max(axis=1) > 0
    # Pieces that the batch does not hold are moved through the head alone.
    assert moved.all()
    assert sum(tuple(weight.shape) == (VOCABULARY, WIDTH) for weight in model.weights) == 1


def test_both_objectives_are_learned_by_heart() -> None:
    model = PretrainingModel(backbone(VOCABULARY, WIDTH), 1.0)
    model.compile(optimizer=keras.optimizers.Adam(0.02))
    inputs = batch()
    for _ in range(60):
        model.train_on_batch(inputs)
    model.reset_metrics()
    model.test_on_batch(inputs)
    assert float(model.token_loss.result()) < 0.5
    assert float(model.sentence_accuracy.result()) == 1.0


def test_without_next_sentence_prediction_the_pooler_stays() -> None:
    model = PretrainingModel(backbone(VOCABULARY, WIDTH))
    trained = {weight.path for weight in model.trainable_variables}
    assert not any("pooled_dense" in path or "sentence_head" in path for path in trained)
    assert any("language_head" in path for path in trained)


def test_mixed_bfloat16_agrees_with_float32() -> None:
    exact = PretrainingModel(backbone(VOCABULARY, WIDTH), 0.5)
    mixed = PretrainingModel(backbone(VOCABULARY, WIDTH, "mixed_bfloat16"), 0.5)
    mixed.set_weights(exact.get_weights())
    inputs = batch()
    losses = [float(each.compute_loss(inputs, None, each(inputs, training=False))) for each in (exact, mixed)]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    assert {weight.dtype for weight in mixed.trainable_variables} == {"float32"}


def test_a_keras_file_keeps_the_model(model: PretrainingModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = batch()
    for name, scores in model(inputs, training=False).items():
        np.testing.assert_allclose(loaded(inputs, training=False)[name], scores, atol=1e-5)


def head_tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    shapes = {
        "cls.predictions.transform.dense.weight": (WIDTH, WIDTH),
        "cls.predictions.transform.dense.bias": (WIDTH,),
        "cls.predictions.transform.LayerNorm.weight": (WIDTH,),
        "cls.predictions.transform.LayerNorm.bias": (WIDTH,),
        "cls.predictions.bias": (VOCABULARY,),
        "cls.seq_relationship.weight": (2, WIDTH),
        "cls.seq_relationship.bias": (2,),
    }
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_heads_of_a_checkpoint_are_taken() -> None:
    model, tensors = PretrainingModel(backbone(VOCABULARY, WIDTH), 1.0), head_tensors()
    assert model.load_heads({"embeddings.position_ids": np.zeros(3)}) == []
    assert sorted(model.load_heads(tensors)) == sorted(tensors)
    np.testing.assert_array_equal(
        model.language_head.dense.kernel.numpy(), tensors["cls.predictions.transform.dense.weight"].T
    )
    np.testing.assert_array_equal(model.language_head.bias.numpy(), tensors["cls.predictions.bias"])
    np.testing.assert_array_equal(model.sentence_head.kernel.numpy(), tensors["cls.seq_relationship.weight"].T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"cls.predictions.transform.dense.bias": None},
            "checkpoint: weight cls.predictions.transform.dense.bias is missing",
        ),
        (
            {"cls.predictions.bias": np.zeros(7)},
            "checkpoint: weight cls.predictions.bias has shape (7,), the backbone asks for (30,)",
        ),
        (
            {"cls.seq_relationship.weight": np.zeros((3, 8))},
            "checkpoint: weight cls.seq_relationship.weight has shape (3, 8), the backbone asks for (2, 8)",
        ),
    ],
)
def test_heads_that_do_not_fit(change: dict[str, Any], message: str) -> None:
    model = PretrainingModel(backbone(VOCABULARY, WIDTH))
    tensors = {name: each for name, each in {**head_tensors(), **change}.items() if each is not None}
    with pytest.raises(ValueError) as caught:
        model.load_heads(tensors)
    assert str(caught.value) == message
