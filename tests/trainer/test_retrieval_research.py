"""The two-tower model in the hands of a researcher: plain arrays, parts of choice, files."""

from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest

from tests.trainer.custom_towers import Joined, SumOfVisible
from tests.trainer.next_item import DIMENSION, ITEMS, ORDER, next_item_model, next_items
from trainer.history.registry import EncoderName
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import FullSoftmax, InBatchNegatives, MixedNegatives, QueueNegatives, SampledSoftmax
from trainer.optimizers import LazyAdam, RowSparseAdagrad
from trainer.retrieval import TwoTowerModel


def sampled() -> SampledSoftmax:
    return SampledSoftmax([InBatchNegatives(), MixedNegatives(ITEMS, 4)])


@pytest.mark.parametrize(
    ("encoder", "softmax", "options"),
    [
        *(pytest.param(encoder, FullSoftmax, {}, marks=pytest.mark.slow) for encoder in get_args(EncoderName)),
        ("recency_mean", sampled, {}),
        pytest.param("gru", sampled, {"history_vectors": "tower"}, marks=pytest.mark.slow),
    ],
)
def test_a_pattern_in_plain_arrays_is_learned_by_heart(encoder: str, softmax: type, options: dict[str, str]) -> None:
    loss = softmax(ITEMS) if softmax is FullSoftmax else softmax()
    model = next_item_model(encoder, loss, **options)
    model.compile(optimizer=LazyAdam(0.05), cutoffs=(1,))
    before = model.evaluate(next_items(), verbose=0, return_dict=True)
    model.fit(next_items(), batch_size=5, epochs=25, verbose=0)
    after = model.evaluate(next_items(), verbose=0, return_dict=True)
    assert before["HR@1"] < 0.5
    assert after["HR@1"] == 1
    assert after["loss"] < before["loss"]
    rows, _ = model.recommend({"history": np.array([[*ORDER[:3], -1], [*ORDER[4:8]]])}, k=1)
    assert rows[:, 0].tolist() == [ORDER[3], ORDER[8]]


def test_a_compiled_model_comes_back_whole_and_trains_on(tmp_path: Path) -> None:
    model = next_item_model(softmax=SampledSoftmax([InBatchNegatives(), QueueNegatives(20)]))
    model.compile(optimizer=LazyAdam(0.03), cutoffs=[1, 3], new_only=True)
    model.fit(next_items(), batch_size=5, epochs=3, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.cutoffs, loaded.new_only) == ((1, 3), True)
    assert [type(source) for source in loaded.softmax.negatives] == [InBatchNegatives, QueueNegatives]
    np.testing.assert_array_equal(loaded.predict(next_items(), verbose=0), model.predict(next_items(), verbose=0))
    ours, theirs = (each.evaluate(next_items(), verbose=0, return_dict=True) for each in (model, loaded))
    assert set(ours) == set(theirs) == {"loss", "HR@1", "HR@3", "NDCG@1", "NDCG@3"}
    np.testing.assert_allclose([theirs[name] for name in ours], [*ours.values()], rtol=1e-5)
    for each in (model, loaded):
        each.fit(next_items(), batch_size=5, epochs=2, verbose=0, shuffle=False)
    # The slots of the optimizer and the queue came along, or the two would part.
    assert int(loaded.optimizer.iterations) == int(model.optimizer.iterations) == 10
    for ours, theirs in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("encoder", "history_vectors"), [("recency_mean", "separate"), ("gru", "shared"), ("causal_attention", "tower")]
)
def test_config_round_trip(encoder: str, history_vectors: str) -> None:
    model = next_item_model(encoder, sampled(), history_vectors=history_vectors)
    again = TwoTowerModel.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict_on_batch(next_items()), model.predict_on_batch(next_items()))


TEXTS = np.random.default_rng(3).normal(size=(ITEMS + 1, 4)).astype(np.float32)


def custom_model(history_vectors: str = "shared", rounded: bool = False) -> TwoTowerModel:
    """Query and item tower are layers that the package does not know, with vectors of length 8 + 4."""
    keras.utils.set_random_seed(0)
    items = ItemTables(ITEMS, {"texts": 4})
    options = {"history_vectors": history_vectors}
    model = TwoTowerModel(SumOfVisible(), Joined(rounded), SampledSoftmax(), items, DIMENSION, **options)
    model.set_items(ItemFeatures(texts=TEXTS), np.append(np.ones(ITEMS), 0))
    return model


def test_towers_of_ones_own_train_and_come_back_from_a_file(tmp_path: Path) -> None:
    model = custom_model()
    model.compile(optimizer=RowSparseAdagrad(0.1), cutoffs=(1,))
    losses = model.fit(next_items(), batch_size=10, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.query_tower, SumOfVisible)
    assert isinstance(loaded.item_tower, Joined)
    np.testing.assert_array_equal(loaded.predict_on_batch(next_items()), model.predict_on_batch(next_items()))


def vectors_of_events(model: TwoTowerModel) -> np.ndarray:
    """What the history encoder sees of every item, the unknown one included."""
    return model.predict_on_batch({"history": np.arange(ITEMS + 1)[:, None]})[:, 0]


@pytest.mark.parametrize("history_vectors", ["shared", "separate", "tower"])
def test_what_the_history_encoder_sees_of_an_item(history_vectors: str) -> None:
    model = custom_model(history_vectors)
    table = model.history_embedding if history_vectors == "separate" else model.item_embedding
    seen = vectors_of_events(model)
    np.testing.assert_allclose(seen[:, :DIMENSION], table.embeddings.numpy(), atol=1e-6)
    np.testing.assert_allclose(seen[:, DIMENSION:], TEXTS, atol=1e-6)


@pytest.mark.parametrize(
    ("history_vectors", "moves_with_items"), [("shared", True), ("separate", False), ("tower", True)]
)
def test_whose_id_vectors_the_history_has(history_vectors: str, moves_with_items: bool) -> None:
    model = custom_model(history_vectors)
    assert (model.history_embedding is not None) == (history_vectors == "separate")
    before = vectors_of_events(model)
    model.item_embedding.embeddings.assign(model.item_embedding.embeddings + 1)
    moved = np.abs(vectors_of_events(model) - before)[:, :DIMENSION]
    np.testing.assert_allclose(moved, float(moves_with_items), atol=1e-5)


def test_only_as_told_the_history_has_gone_through_the_item_tower() -> None:
    for history_vectors in ("shared", "tower"):
        model = custom_model(history_vectors, rounded=True)
        is_rounded = np.isin(vectors_of_events(model), [-1, 1]).all()
        assert is_rounded == (history_vectors == "tower")
