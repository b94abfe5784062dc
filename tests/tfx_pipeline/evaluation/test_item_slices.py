import math

import numpy as np

from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.item_slices import category_labels, cold_items, popularity_deciles, price_bands


def test_deciles_of_different_items_are_equally_large() -> None:
    deciles = popularity_deciles(ItemFacts(np.arange(30)[::-1].astype(np.float64), 100))
    assert deciles.labels[0] == "users 0 - 2" and deciles.labels[9] == "users 27 - 29"
    assert np.bincount(deciles.numbers).tolist() == [3] * 10
    assert deciles.numbers[0] == 9


def test_items_that_nobody_used_are_one_band_and_cold() -> None:
    facts = ItemFacts(np.array([0.0, 7.0, 0.0, 0.0, 1.0]), 10)
    assert popularity_deciles(facts).labels == ("users 0", "users 1", "users 7")
    assert popularity_deciles(facts).numbers.tolist() == [0, 2, 0, 0, 1]
    assert cold_items(facts).labels == ("cold (no user before)", "warm (some users before)")
    assert cold_items(facts).numbers.tolist() == [0, 1, 0, 0, 1]


def test_categories_are_those_of_the_first_level() -> None:
    categories = category_labels(["food > bread", "toys", "food > milk", None, "books > maps"], most=1)
    assert categories.labels == ("food", "other")
    assert categories.numbers.tolist() == [0, 1, 0, -1, 1]


def test_price_bands_are_quintiles() -> None:
    bands = price_bands(np.append(np.arange(1, 11) / 2, math.nan))
    assert bands.labels == (
        "price 0.50 - 1.00",
        "price 1.50 - 2.00",
        "price 2.50 - 3.00",
        "price 3.50 - 4.00",
        "price 4.50 - 5.00",
    )
    assert bands.numbers.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, -1]
