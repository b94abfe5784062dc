from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.towers import ItemTower, unit

DIMENSION, ITEMS = 6, 7
PARTS = ("ids", "categories", "brands", "prices", "texts", "images")
SIZES = {
    "categories": {"category_sizes": (3, 5)},
    "brands": {"brand_size": 4},
    "prices": {"price": True},
    "texts": {"text_dimension": 3},
    "images": {"image_dimension": 2},
}
ALL_SIZES = {name: size for sizes in SIZES.values() for name, size in sizes.items()}


@pytest.fixture(scope="module")
def items() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    widths = {"ids": DIMENSION, "prices": 2, "texts": 3, "images": 2}
    floats = {name: random.normal(size=(ITEMS, width)).astype(np.float32) for name, width in widths.items()}
    categories = np.stack([random.integers(0, size, ITEMS) for size in (3, 5)], axis=1)
    return {**floats, "categories": categories, "brands": random.integers(0, 4, ITEMS)}


@pytest.fixture(scope="module")
def tower(items: dict[str, np.ndarray]) -> ItemTower:
    keras.utils.set_random_seed(0)
    tower = ItemTower(DIMENSION, **ALL_SIZES)
    tower(**items)
    return tower


def test_items_have_unit_length(tower: ItemTower, items: dict[str, np.ndarray]) -> None:
    vectors = tower(**items).numpy()
    assert vectors.shape == (ITEMS, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_counts(tower: ItemTower, items: dict[str, np.ndarray], part: str) -> None:
    is_row = part in ("categories", "brands")
    other = (items[part] + 1) % 3 if is_row else np.zeros_like(items[part])
    difference = np.abs(tower(**{**items, part: other}).numpy() - tower(**items).numpy()).max(axis=1)
    assert (difference > 1e-4).all()


@pytest.mark.parametrize("part", PARTS[1:])
def test_any_part_may_be_the_only_one(items: dict[str, np.ndarray], part: str) -> None:
    tower = ItemTower(DIMENSION, **SIZES[part])
    given = {"ids": items["ids"], part: items[part]}
    np.testing.assert_allclose(np.linalg.norm(tower(**given), axis=-1), 1, atol=1e-5)
    with pytest.raises(ValueError, match=rf"^{part}: missing, and the tower was made with them$"):
        tower.call(items["ids"])
    with pytest.raises(ValueError, match=rf"^{part}: given, but the tower was made without them$"):
        ItemTower(DIMENSION).call(**given)


def test_ids_alone(items: dict[str, np.ndarray]) -> None:
    plain = ItemTower(DIMENSION, hidden=0)
    np.testing.assert_array_equal(plain(items["ids"]), unit(items["ids"]))
    assert not plain.weights
    corrected = ItemTower(DIMENSION)
    vectors = corrected(items["ids"])
    np.testing.assert_array_equal(vectors, unit(items["ids"] + corrected.perceptron(items["ids"])))


def test_unknown_category_and_brand_give_finite_vectors(tower: ItemTower, items: dict[str, np.ndarray]) -> None:
    unknown = {"categories": np.full((ITEMS, 2), -1), "brands": np.full(ITEMS, -1)}
    assert np.isfinite(tower(**{**items, **unknown})).all()


def test_half_precision_stays_close(tower: ItemTower, items: dict[str, np.ndarray]) -> None:
    half = ItemTower.from_config({**tower.get_config(), "dtype": "mixed_bfloat16"})
    half(**items)
    half.set_weights(tower.get_weights())
    vectors = half(**items)
    assert vectors.dtype == tf.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors, tower(**items), atol=0.03)


def test_a_saved_tower_gives_the_same(tower: ItemTower, items: dict[str, np.ndarray], tmp_path: Path) -> None:
    inputs = {name: keras.Input(part.shape[1:], dtype=part.dtype.name, name=name) for name, part in items.items()}
    keras.Model(inputs, tower(**inputs)).save(tmp_path / "tower.keras")
    again = keras.saving.load_model(tmp_path / "tower.keras")
    np.testing.assert_allclose(again(items), tower(**items), atol=1e-6)


def test_config_round_trip(tower: ItemTower) -> None:
    assert ItemTower.from_config(tower.get_config()).get_config() == tower.get_config()


@pytest.mark.parametrize("name", ["brand_size", "text_dimension", "image_dimension", "hidden"])
def test_a_negative_size_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: at least 0, not -1$"):
        ItemTower(DIMENSION, **{name: -1})
