from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.catalogue import Catalogue
from trainer.item_tables import ItemFeatures, ItemTables
from trainer.item_texts import ItemTexts

WIDTHS = {"categories": 2, "brands": 1, "texts": 3}


def some_features(rows: int = 5, texts: int = 3) -> ItemFeatures:
    random = np.random.default_rng(0)
    return ItemFeatures(
        categories=random.integers(0, 9, (rows, 2)),
        brands=random.integers(0, 4, rows),
        texts=random.normal(size=(rows, texts)).astype(np.float32),
    )


def test_features_of_a_catalogue(catalogue: Catalogue, item_texts: ItemTexts) -> None:
    known = ItemFeatures.of_catalogue(catalogue, item_texts.vectors)
    assert known.widths == {"categories": 3, "brands": 1, "prices": 2, "texts": 5}
    assert known.prices is not None
    np.testing.assert_array_equal(known.prices[:, 0], catalogue.prices)
    np.testing.assert_array_equal(known.prices[:, 1], catalogue.price_known)
    np.testing.assert_array_equal(known.texts, item_texts.vectors)
    assert known.images is None


def test_rows_of_every_table() -> None:
    tables, known = ItemTables(4, WIDTHS), some_features()
    tables.set(known)
    rows = np.array([[4, 0], [2, 2]])
    found = tables(rows)
    assert list(found) == ["categories", "brands", "texts"]
    for name, values in found.items():
        np.testing.assert_array_equal(values, getattr(known, name)[rows])
    assert found["categories"].dtype == found["brands"].dtype == "int32"
    assert tables.trainable_weights == []


def test_a_shop_may_know_nothing_of_its_items() -> None:
    tables = ItemTables(4)
    tables.set(ItemFeatures())
    assert tables(np.array([0, 4])) == {}
    assert ItemFeatures().widths == {}


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (
            ItemFeatures(brands=np.zeros(5, int)),
            "features: have columns {'brands': 1}, expected {'categories': 2, 'brands': 1, 'texts': 3}",
        ),
        (
            some_features(texts=2),
            "features: have columns {'categories': 2, 'brands': 1, 'texts': 2}, "
            "expected {'categories': 2, 'brands': 1, 'texts': 3}",
        ),
        (
            ItemFeatures(**{**vars(some_features()), "images": np.zeros((5, 7))}),
            "features: have columns {'categories': 2, 'brands': 1, 'texts': 3, 'images': 7}, "
            "expected {'categories': 2, 'brands': 1, 'texts': 3}",
        ),
        (some_features(rows=4), "categories: 4 rows, expected 5"),
        (
            ItemFeatures(**{**vars(some_features()), "texts": np.zeros((6, 3))}),
            "texts: 6 rows, expected 5",
        ),
    ],
)
def test_features_that_do_not_fit(known: ItemFeatures, message: str) -> None:
    tables = ItemTables(4, WIDTHS)
    before = [weight.numpy() for weight in tables.weights]
    with pytest.raises(ValueError) as error:
        tables.set(known)
    assert str(error.value) == message
    for weight, values in zip(tables.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), values)


def test_tables_travel_with_a_saved_model(tmp_path: Path) -> None:
    tables, known = ItemTables(4, WIDTHS), some_features()
    tables.set(known)
    rows = keras.Input((), dtype="int32")
    keras.Model(rows, tables(rows)).save(tmp_path / "tables.keras")
    loaded = keras.saving.load_model(tmp_path / "tables.keras")
    for name, values in loaded(np.arange(5)).items():
        np.testing.assert_array_equal(values, getattr(known, name))


def test_config_round_trip() -> None:
    tables = ItemTables(4, WIDTHS)
    assert ItemTables.from_config(tables.get_config()).get_config() == tables.get_config()
    assert (tables.item_count, tables.widths) == (4, WIDTHS)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_tables_keep_their_types(precision: str) -> None:
    tables = ItemTables(4, WIDTHS, dtype=precision)
    assert {name: str(table.dtype) for name, table in tables.tables.items()} == {
        "categories": "int32",
        "brands": "int32",
        "texts": "float32",
    }
