from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.item_texts import ItemTexts
from trainer.retrieval import InBatchSoftmax, TwoTowerModel
from trainer.retrieval_package import RetrievalPackage

TEMPERATURE = 0.1


@pytest.fixture(scope="module")
def softmax() -> InBatchSoftmax:
    layer = InBatchSoftmax()
    layer.build(None)
    return layer


@pytest.fixture
def batch() -> dict[str, np.ndarray]:
    """Ten targets of which rows 2 and 5 occur twice and one is padding."""
    random = np.random.default_rng(0)
    vectors = random.normal(size=(2, 10, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    rows = np.array([2, 1, 2, 3, 5, 7, 5, 8, 6, 9])
    vectors[1, [2, 6]] = vectors[1, [0, 4]]
    weights = np.array([1, 1, 2, 1, 1, 0.5, 1, 1, 1, 0], np.float32)
    shares = np.array([0.3, 0.02, 0.3, 0.05, 0.1, 1e-8, 0.1, 0.03, 0.01, 0.2], np.float32)
    return {"queries": vectors[0], "items": vectors[1], "rows": rows, "shares": shares, "weights": weights}


def reference(
    queries: np.ndarray, items: np.ndarray, rows: np.ndarray, shares: np.ndarray, weights: np.ndarray
) -> float:
    """Yi et al. 2019, equations 3 to 5, with duplicates of the target and padding left out of the negatives."""
    total = 0.0
    for own in np.flatnonzero(weights):
        negatives = [j for j in range(len(rows)) if rows[j] != rows[own] and weights[j] > 0]
        logits = [queries[own] @ items[j] / TEMPERATURE - np.log(shares[j]) for j in [own, *negatives]]
        total += weights[own] * (np.log(np.sum(np.exp(logits))) - logits[0])
    return total / weights.sum()


def test_loss_agrees_with_numpy(softmax: InBatchSoftmax, batch: dict[str, np.ndarray]) -> None:
    assert float(softmax(**batch)) == pytest.approx(reference(**batch), rel=1e-5)


def test_a_popular_negative_is_held_against_a_query_less(softmax: InBatchSoftmax, batch: dict[str, np.ndarray]) -> None:
    # Only the first query counts, and it cannot tell its own item from the negative.
    batch["weights"][1:] = 0
    batch["weights"][3] = 1e-9
    batch["items"][3] = batch["items"][0]
    for share in (0.001, 0.1, 0.9):
        batch["shares"][3] = share
        own_probability = (1 / 0.3) / (1 / 0.3 + 1 / share)
        assert float(softmax(**batch)) == pytest.approx(-np.log(own_probability), rel=1e-4)


def test_the_own_item_is_no_negative(softmax: InBatchSoftmax, batch: dict[str, np.ndarray]) -> None:
    batch["rows"] = np.full(10, 4)
    assert float(softmax(**batch)) == pytest.approx(0, abs=1e-6)


def test_padding_changes_nothing(softmax: InBatchSoftmax, batch: dict[str, np.ndarray]) -> None:
    expected = float(softmax(**batch))
    batch["queries"][-1] = batch["items"][-1] = batch["queries"][0]
    batch["shares"][-1] = 1e-9
    assert float(softmax(**batch)) == pytest.approx(expected, rel=1e-6)
    assert float(softmax(**{**batch, "weights": np.zeros(10, np.float32)})) == 0


def test_only_shares_relative_to_each_other_count(softmax: InBatchSoftmax, batch: dict[str, np.ndarray]) -> None:
    expected = float(softmax(**batch))
    batch["shares"] = batch["shares"] / 100
    assert float(softmax(**batch)) == pytest.approx(expected, rel=1e-4)


COUNTS = np.array([40, 20, 12, 8, 6, 5, 4, 3, 1, 1, 0, 0, 0])


@pytest.fixture
def towers(catalogue: Catalogue, item_texts: ItemTexts) -> TwoTowerModel:
    keras.utils.set_random_seed(0)
    model = TwoTowerModel(3, 12, catalogue.category_sizes, catalogue.brand_size, 5, 8, id_dropout=0.2)
    model.set_catalogue(catalogue, item_texts.vectors, COUNTS)
    return model


HISTORY = np.array([[0, 3, 6, -1], [11, -1, -1, -1], [-1, -1, -1, -1], [12, 2, 2, 1]])
USERS = np.array([0, 1, 2, 3])


def test_vectors_have_unit_length(towers: TwoTowerModel) -> None:
    items = towers.embed_items(np.arange(13)).numpy()
    queries = towers.embed_queries(USERS, HISTORY, (HISTORY >= 0)[:, None, :]).numpy()
    assert items.shape == (13, 8)
    assert queries.shape == (4, 1, 8)
    for vectors in (items, queries):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_shares_are_smoothed_and_sum_to_one(towers: TwoTowerModel) -> None:
    np.testing.assert_allclose(towers.shares.numpy(), (COUNTS + 1) / (COUNTS.sum() + 13), rtol=1e-6)
    assert towers.shares.numpy().sum() == pytest.approx(1, abs=1e-6)


def test_an_item_that_never_occurred_takes_the_id_of_the_unknown(towers: TwoTowerModel, item_texts: ItemTexts) -> None:
    table = towers.item_embedding.embeddings.numpy()
    vectors = towers.history_vectors(np.arange(13)).numpy()
    for row in range(13):
        np.testing.assert_array_equal(vectors[row, :8], table[row if COUNTS[row] else 12])
        np.testing.assert_array_equal(vectors[row, 8:], item_texts.vectors[row])
    before = towers.embed_items(np.arange(13)).numpy()
    towers.item_embedding.embeddings.assign(np.concatenate([table[:12] + 1, table[12:]]))
    changed = np.abs(towers.embed_items(np.arange(13)).numpy() - before).max(axis=1) > 1e-6
    assert changed.tolist() == [count > 0 for count in COUNTS]


def test_call_is_the_loss_of_what_the_towers_say(towers: TwoTowerModel) -> None:
    visible = np.tril(np.ones((4, 4), bool), -1)[None, 1:3] & (HISTORY >= 0)[:, None, :]
    targets = np.array([[3, 6], [0, -1], [-1, -1], [2, 12]])
    loss = towers({"users": USERS, "history": HISTORY, "visible": visible, "targets": targets})
    rows = np.where(targets < 0, 12, targets).ravel()
    expected = reference(
        queries=towers.embed_queries(USERS, HISTORY, visible).numpy().reshape(-1, 8),
        items=towers.embed_items(rows).numpy(),
        rows=rows,
        shares=towers.shares.numpy()[rows],
        weights=(targets.ravel() >= 0).astype(np.float32),
    )
    assert float(loss) == pytest.approx(expected, rel=1e-4)


def test_saved_model_gives_the_same_vectors(towers: TwoTowerModel, tmp_path: Path) -> None:
    towers.save(tmp_path / "towers.keras")
    loaded = keras.saving.load_model(tmp_path / "towers.keras", compile=False)
    assert loaded.get_config() == towers.get_config()
    assert [weight.path for weight in loaded.weights] == [weight.path for weight in towers.weights]
    for ours, theirs in zip(towers.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def fit_popularity(towers: TwoTowerModel) -> np.ndarray:
    """Train on users without a past whose choices differ only by popularity; the share of each of the 12 items."""
    random = np.random.default_rng(0)
    towers.compile(optimizer=keras.optimizers.Adam(0.02), jit_compile=False)
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
    query = towers.embed_queries(np.array([3]), np.full((1, 1), -1), np.zeros((1, 1, 1), bool)).numpy()[0, 0]
    logits = towers.embed_items(np.arange(12)).numpy() @ query / np.exp(towers.softmax.log_temperature.numpy())
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


def test_a_user_without_training_windows_is_a_stranger(package: RetrievalPackage) -> None:
    model = TwoTowerModel(**package.towers.settings)
    history = np.full((3, 4), -1)
    visible = np.zeros((3, 1, 4), bool)
    unknown = model.settings["user_count"]
    model.set_trained_users(np.array([0]))
    vectors = keras.ops.convert_to_numpy(model.embed_queries(np.array([0, 1, unknown]), history, visible))
    np.testing.assert_allclose(vectors[1], vectors[2])
    assert not np.allclose(vectors[0], vectors[2])
