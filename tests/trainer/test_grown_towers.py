"""Towers over more items against the towers that were trained."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from trainer.grown_towers import grown_towers
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.losses import MixedNegatives, SampledSoftmax
from trainer.retrieval import TwoTowerModel
from trainer.towers import ItemTower, QueryTower

ITEMS, NEW, USERS = 6, 2, 3
COUNTS = np.array([4, 0, 2, 1, 3, 1, 0])


def features(items: int) -> ItemFeatures:
    """Text and price of each item; the first rows do not depend on how many there are."""
    random = np.random.default_rng(0)
    texts, prices = (random.normal(size=(20, width)).astype(np.float32) for width in (4, 2))
    unknown = np.zeros((1, 6), np.float32)
    return ItemFeatures(
        texts=np.concatenate([texts[:items], unknown[:, :4]]), prices=np.concatenate([prices[:items], unknown[:, :2]])
    )


@pytest.fixture(scope="module", params=["shared", "separate", "tower"])
def towers(request: pytest.FixtureRequest) -> TwoTowerModel:
    """Trained on nothing, but with other weights than a new model has; negatives that hold tables of all items."""
    keras.utils.set_random_seed(0)
    known = features(ITEMS)
    softmax = SampledSoftmax([MixedNegatives(ITEMS, 4)])
    model = TwoTowerModel(
        QueryTower(USERS, 8),
        ItemTower(8, price=True, text_dimension=4),
        softmax,
        ItemTables(ITEMS, known.widths),
        8,
        USERS,
        0.1,
        request.param,
    )
    model.set_items(known, COUNTS)
    model.set_trained_users(np.array([0, 2]))
    return model


@pytest.fixture(scope="module")
def grown(towers: TwoTowerModel) -> TwoTowerModel:
    return grown_towers(towers, features(ITEMS + NEW), NEW)


def batch(history: list[list[int]]) -> dict[str, Any]:
    given = np.array(history)
    return {"users": np.arange(len(given)), "history": given, "visible": (given >= 0)[:, None, :]}


def test_known_items_keep_their_vectors(towers: TwoTowerModel, grown: TwoTowerModel) -> None:
    rows = np.arange(ITEMS)
    np.testing.assert_allclose(grown.embed_items(rows), towers.embed_items(rows), atol=1e-6)
    unknown = (model.embed_items(np.array([model.item_count])) for model in (grown, towers))
    np.testing.assert_allclose(*unknown, atol=1e-6)


def test_new_items_are_embedded_by_their_features(towers: TwoTowerModel, grown: TwoTowerModel) -> None:
    told = features(ITEMS + NEW)
    new = np.arange(ITEMS, ITEMS + NEW)
    expected = towers.embed_new_items(prices=told.prices[new], texts=told.texts[new])
    np.testing.assert_allclose(grown.embed_items(new), expected, atol=1e-6)
    np.testing.assert_allclose(
        grown.embed_new_items(prices=told.prices[new], texts=told.texts[new]), expected, atol=1e-6
    )


def test_known_histories_are_seen_as_before(towers: TwoTowerModel, grown: TwoTowerModel) -> None:
    history = [[0, 1, 4], [5, -1, -1], [-1, -1, -1], [2, 2, 3]]
    before, after = (model.embed_queries(batch(history)) for model in (towers, grown))
    np.testing.assert_allclose(after, before, atol=1e-6)


def test_a_new_item_in_a_history_is_seen_by_its_features(grown: TwoTowerModel) -> None:
    seen = np.array(grown.embed_queries(batch([[0, ITEMS], [0, ITEMS + NEW], [0, ITEMS + 1]]))[:, 0])
    assert np.isfinite(seen).all()
    grown_users = {**batch([[0, ITEMS], [0, ITEMS + NEW], [0, ITEMS + 1]]), "users": np.zeros(3, np.int64)}
    same_user = np.array(grown.embed_queries(grown_users)[:, 0])
    assert len(np.unique(same_user.round(4), axis=0)) == 3


def test_it_is_saved_and_loaded(grown: TwoTowerModel, tmp_path: Path) -> None:
    grown.save(tmp_path / "towers.keras")
    loaded = keras.saving.load_model(tmp_path / "towers.keras", compile=False)
    rows = np.arange(ITEMS + NEW + 1)
    np.testing.assert_array_equal(loaded.embed_items(rows), grown.embed_items(rows))
