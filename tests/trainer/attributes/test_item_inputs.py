"""What the head reads of an item, and above all what it must not read."""

import keras
import numpy as np
import pytest

from trainer.attributes.item_inputs import hidden_item_vectors, text_inputs, tower_inputs
from trainer.retrieval import TwoTowerModel
from trainer.retrieval_package import RetrievalPackage


@pytest.fixture
def towers(package: RetrievalPackage) -> TwoTowerModel:
    return package.towers


def test_text_inputs_are_scaled() -> None:
    texts = np.array([[0.6, 0.8], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(text_inputs(texts), texts * np.sqrt(2), rtol=1e-6)


def test_the_parts_of_an_input(towers: TwoTowerModel) -> None:
    inputs = tower_inputs(towers)
    texts = keras.ops.convert_to_numpy(towers.items.tables["texts"])[: towers.item_count]
    width = texts.shape[1]
    assert inputs.shape == (towers.item_count, width + towers.dimension + 1)
    np.testing.assert_allclose(inputs[:, :width], text_inputs(texts))
    # Items 0 to 4 and 6 to 9 occur in the windows that the towers know, see the package.
    assert inputs[:, -1].tolist() == [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0]
    assert not inputs[[5, 10, 11], width:-1].any()
    lengths = np.linalg.norm(inputs[:5, width:-1], axis=1)
    np.testing.assert_allclose(lengths, np.sqrt(towers.dimension), rtol=1e-5)


def test_category_brand_and_price_do_not_reach_the_inputs(towers: TwoTowerModel) -> None:
    before = hidden_item_vectors(towers)
    visible = keras.ops.convert_to_numpy(towers.embed_items(np.arange(towers.item_count)))
    assert np.abs(before - visible).max() > 0.01
    tables = {
        name: keras.ops.convert_to_numpy(towers.items.tables[name]) for name in ("categories", "brands", "prices")
    }
    try:
        for name, values in tables.items():
            towers.items.tables[name].assign(values[::-1].copy())
        np.testing.assert_array_equal(hidden_item_vectors(towers), before)
    finally:
        for name, values in tables.items():
            towers.items.tables[name].assign(values)
