from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.hyperparameters import Hyperparameters
from trainer.item_tables import ItemFeatures
from trainer.item_texts import ItemTexts
from trainer.optimizers import LazyAdam
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_training import build_towers

COUNTS = np.array([40, 20, 12, 8, 6, 5, 4, 3, 1, 1, 0, 0, 0])
HISTORY = np.array([[0, 3, 6, -1], [11, -1, -1, -1], [-1, -1, -1, -1], [12, 2, 2, 1]])
USERS = np.array([0, 1, 2, 3])
VISIBLE = np.tril(np.ones((4, 4), bool), -1)[None, 1:3] & (HISTORY >= 0)[:, None, :]
TARGETS = np.array([[3, 6], [0, -1], [-1, -1], [2, 12]])
BATCH = {"users": USERS, "history": HISTORY, "visible": VISIBLE, "targets": TARGETS}


@pytest.fixture
def towers(catalogue: Catalogue, item_texts: ItemTexts, settings: Hyperparameters) -> TwoTowerModel:
    keras.utils.set_random_seed(0)
    known = ItemFeatures.of_catalogue(catalogue, item_texts.vectors)
    model = build_towers(catalogue, known, {"users": 3, "event_types": 2}, settings.retrieval)
    model.set_items(known, COUNTS)
    return model


def test_vectors_have_unit_length(towers: TwoTowerModel) -> None:
    items = towers.embed_items(np.arange(13)).numpy()
    queries = towers.embed_queries(BATCH).numpy()
    assert items.shape == (13, 8)
    assert queries.shape == (4, 2, 8)
    for vectors in (items, queries):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_shares_are_smoothed_and_sum_to_one(towers: TwoTowerModel) -> None:
    np.testing.assert_allclose(towers.shares.numpy(), (COUNTS + 1) / (COUNTS.sum() + 13), rtol=1e-6)
    assert towers.shares.numpy().sum() == pytest.approx(1, abs=1e-6)


def test_an_item_that_never_occurred_takes_the_id_of_the_unknown(towers: TwoTowerModel) -> None:
    table = towers.item_embedding.embeddings.numpy()
    before = towers.embed_items(np.arange(13)).numpy()
    for row in range(13):
        shifted = table.copy()
        shifted[row] += 1
        towers.item_embedding.embeddings.assign(shifted)
        changed = np.abs(towers.embed_items(np.arange(13)).numpy() - before).max(axis=1) > 1e-6
        expected = COUNTS == 0 if row == 12 else (np.arange(13) == row) & (COUNTS > 0)
        assert changed.tolist() == expected.tolist()


def test_a_new_item_is_one_of_the_catalogue_that_never_occurred(towers: TwoTowerModel) -> None:
    rows = np.flatnonzero(COUNTS == 0)
    features = {name: table.numpy()[rows] for name, table in towers.items.tables.items()}
    np.testing.assert_allclose(towers.embed_new_items(**features), towers.embed_items(rows), atol=1e-6)


def reference_loss(towers: TwoTowerModel, queries: np.ndarray, targets: np.ndarray) -> float:
    """Yi et al. 2019, equations 3 to 5, with duplicates of the target and padding left out of the negatives."""
    rows, losses = np.where(targets < 0, 12, targets).ravel(), []
    items, shares = towers.embed_items(rows).numpy(), towers.shares.numpy()[rows]
    exists = targets.ravel() >= 0
    for own in np.flatnonzero(exists):
        negatives = [other for other in np.flatnonzero(exists) if rows[other] != rows[own]]
        candidates = [own, *negatives]
        logits = items[candidates] @ queries.reshape(-1, 8)[own] / 0.1 - np.log(shares[candidates])
        losses.append(np.log(np.exp(logits).sum()) - logits[0])
    return float(np.mean(losses))


def test_the_loss_is_the_softmax_of_what_the_towers_say(towers: TwoTowerModel) -> None:
    queries = towers(BATCH).numpy()
    loss = towers.compute_loss(BATCH, y_pred=queries, training=False)
    assert float(loss) == pytest.approx(reference_loss(towers, queries, TARGETS), rel=1e-4)


def test_a_batch_without_targets_loses_nothing(towers: TwoTowerModel) -> None:
    batch = {**BATCH, "targets": np.full_like(TARGETS, -1)}
    assert float(towers.compute_loss(batch, y_pred=towers(batch), training=False)) == 0


def test_other_positives_are_no_negatives(towers: TwoTowerModel) -> None:
    queries = towers(BATCH).numpy()
    positives = np.full((4, 2, 3), -1)
    # The first query's own target is 3. Without 6, 0, 2 and the unknown item there is nothing left to lose against.
    positives[0, 0] = [6, 0, 2]
    batch = {**BATCH, "positives": positives, "targets": np.where(TARGETS == 12, -1, TARGETS)}
    plain = {name: value for name, value in batch.items() if name != "positives"}
    with_them, without = (float(towers.compute_loss(one, y_pred=queries, training=False)) for one in (batch, plain))
    others = reference_loss(towers, queries, batch["targets"])
    assert without == pytest.approx(others, rel=1e-4)
    rows = [3, 6, 0, 2]
    items, shares = towers.embed_items(np.array(rows)).numpy(), towers.shares.numpy()[rows]
    logits = items @ queries[0, 0] / 0.1 - np.log(shares)
    first = np.log(np.exp(logits).sum()) - logits[0]
    assert with_them == pytest.approx(without - first / 4, rel=1e-3)


def fit_popularity(towers: TwoTowerModel) -> np.ndarray:
    """Train on users without a past whose choices differ only by popularity; the share of each of the 12 items."""
    random = np.random.default_rng(0)
    towers.compile(optimizer=LazyAdam(0.02), jit_compile=False)
    share = COUNTS[:12] / COUNTS.sum()
    for _ in range(80):
        targets = random.choice(12, size=(32, 4), p=share)
        inputs = {
            "users": np.full(32, 3),
            "history": np.full((32, 1), -1),
            "visible": np.zeros((32, 4, 1), bool),
            "targets": targets,
        }
        towers.train_on_batch(inputs)
    nobody = {"users": np.array([3]), "history": np.full((1, 1), -1), "visible": np.zeros((1, 1, 1), bool)}
    query = towers.embed_queries(nobody).numpy()[0, 0]
    logits = towers.embed_items(np.arange(12)).numpy() @ query / towers.softmax.temperature.numpy()
    return np.exp(logits) / np.exp(logits).sum()


def test_the_correction_keeps_popular_items_on_top(towers: TwoTowerModel) -> None:
    start = towers.get_weights()
    corrected = fit_popularity(towers)
    towers.set_weights(start)
    towers.shares.assign(np.full(13, 1 / 13))
    uncorrected = fit_popularity(towers)
    truth = COUNTS[:12] / COUNTS.sum()
    distance = [np.abs(shares - truth).sum() / 2 for shares in (corrected, uncorrected)]
    assert corrected.argsort()[::-1][:3].tolist() == [0, 1, 2]
    assert corrected[0] > 2 * uncorrected[0]
    assert distance[0] < distance[1] / 2


def test_a_user_without_training_windows_is_a_stranger(towers: TwoTowerModel) -> None:
    batch = {"users": np.array([0, 1, 3]), "history": np.full((3, 4), -1), "visible": np.zeros((3, 1, 4), bool)}
    before = towers.predict_on_batch(batch)
    assert not np.allclose(before[1], before[2])
    towers.set_trained_users(np.array([0]))
    vectors = towers.predict_on_batch(batch)
    np.testing.assert_allclose(vectors[1], vectors[2])
    np.testing.assert_allclose(vectors[0], before[0])
    assert not np.allclose(vectors[0], vectors[2])


def test_the_unknown_item_is_an_event_like_others(towers: TwoTowerModel) -> None:
    batch = {"users": np.full(3, 3), "history": np.array([[12], [5], [-1]])}
    unknown, known, nothing = towers.predict_on_batch(batch)[:, 0]
    assert np.abs(unknown - nothing).max() > 1e-5
    assert np.abs(unknown - known).max() > 1e-5


def test_predict_gives_a_vector_for_each_point_of_view(towers: TwoTowerModel) -> None:
    asked = {name: BATCH[name] for name in ("users", "history", "visible")}
    predicted = towers.predict(asked, batch_size=3, verbose=0)
    assert isinstance(predicted, np.ndarray)
    assert (predicted.shape, predicted.dtype) == ((4, 2, 8), np.float32)
    np.testing.assert_allclose(predicted, towers.embed_queries(BATCH), atol=1e-6)


def test_without_visible_each_point_of_view_sees_events_up_to_its_own(towers: TwoTowerModel) -> None:
    past = (np.arange(4) <= np.arange(4)[:, None])[None] & (HISTORY >= 0)[:, None, :]
    plain, told = {"users": USERS, "history": HISTORY}, {"users": USERS, "history": HISTORY, "visible": past}
    np.testing.assert_allclose(towers.predict_on_batch(plain), towers.predict_on_batch(told), atol=1e-6)


def test_ids_are_dropped_in_training_only(towers: TwoTowerModel) -> None:
    rows = np.arange(10).repeat(50)
    np.testing.assert_array_equal(towers.embed_items(rows), towers.embed_items(rows))
    dropped = np.abs(towers.embed_items(rows, training=True) - towers.embed_items(rows)).max(axis=1) > 1e-6
    assert 0.1 < dropped.mean() < 0.3


def test_config_round_trip(towers: TwoTowerModel) -> None:
    again = TwoTowerModel.from_config(towers.get_config())
    assert again.get_config() == towers.get_config()
    assert [(weight.name, weight.shape) for weight in again.weights] == [
        (weight.name, weight.shape) for weight in towers.weights
    ]


def test_saved_model_gives_the_same_vectors(towers: TwoTowerModel, tmp_path: Path) -> None:
    towers.set_trained_users(np.array([0, 2]))
    towers.save(tmp_path / "towers.keras")
    loaded = keras.saving.load_model(tmp_path / "towers.keras", compile=False)
    for ours, theirs in zip(towers.weights, loaded.weights, strict=True):
        assert ours.name == theirs.name
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_array_equal(loaded.predict_on_batch(BATCH), towers.predict_on_batch(BATCH))
    np.testing.assert_array_equal(loaded.embed_items(np.arange(13)), towers.embed_items(np.arange(13)))
