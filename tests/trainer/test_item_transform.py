from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer.item_transform import ItemTransform

LONG_TEXT = "ä" * 4_100


@pytest.fixture(scope="module")
def transform(transformed: Any) -> ItemTransform:
    return ItemTransform(transformed.output)


def tell(transform: ItemTransform, *items: tuple[str, str, str, str, float]) -> Any:
    *texts, prices = zip(*items, strict=True)
    return transform(*(tf.constant(values, tf.string) for values in texts), price=tf.constant(prices, tf.float32))


def test_items_are_read_as_in_training(transform: ItemTransform, transformed: Any) -> None:
    told = tell(
        transform,
        ("Whole milk", "1 gallon, crème", "food > dairy > milk > whole", "Farm", 3.0),
        ("Soap", "", "care", "", 7.0),
        ("", LONG_TEXT, "", "", np.nan),
    )
    milk, soap, text = transformed.examples[:3]
    assert told.categories.numpy()[:2].tolist() == [
        [int(item[f"category_{level}"][0]) for level in (1, 2, 3)] for item in (milk, soap)
    ]
    assert told.brands.numpy()[0] == milk["brand"][0]
    scaled = [milk["scaled_price"][0], soap["scaled_price"][0], 0]
    np.testing.assert_allclose(told.prices, np.stack([scaled, [1, 1, 0]], axis=1), atol=1e-6)
    assert told.texts.numpy().tolist() == [item["item_text"][0] for item in (milk, soap, text)]


def test_what_is_unknown_takes_the_row_behind_the_last(transform: ItemTransform) -> None:
    told = tell(transform, ("", "", "", "", -1.0), ("", "", "garden > tools", "No such", np.inf))
    assert told.categories.numpy().tolist() == [[2, 2, 2]] * 2
    assert told.brands.numpy().tolist() == [1, 1]
    assert told.prices.numpy().tolist() == [[0, 0]] * 2


def test_no_items(transform: ItemTransform) -> None:
    nothing = tf.zeros([0], tf.string)
    told = transform(nothing, nothing, nothing, nothing, tf.zeros([0]))
    assert [part.shape[0] for part in told] == [0, 0, 0, 0]
