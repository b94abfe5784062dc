from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from trainer import features
from trainer.catalogue import vocabulary
from trainer.preprocessing import CATEGORY_LEVELS, ITEM_TEXT, SCALED_PRICE, own_numbers

MILK, SOAP, TEXT, ANNA, BERT = range(5)


def column(transformed: Any, name: str) -> list[list[Any]]:
    """Values of a feature, one list for each example."""
    return [example[name].tolist() for example in transformed.examples]


def test_items_of_users_are_rows_of_the_catalogue(transformed: Any) -> None:
    items = vocabulary(transformed.output, features.ITEM_ID).tolist()
    assert sorted(items) == ["milk-1", "soap-1", "text-1"]
    assert column(transformed, features.ITEM_ID)[:3] == [[items.index(name)] for name in ("milk-1", "soap-1", "text-1")]
    milk, unknown = items.index("milk-1"), len(items)
    assert column(transformed, features.ITEM_IDS)[ANNA] == [milk, unknown, milk]


@pytest.mark.parametrize(
    ("name", "source"), [("user_id", ["anna", "bert"]), ("event_types", ["purchase", "view"]), ("brand", ["Farm"])]
)
def test_rows_are_lines_of_the_vocabulary(transformed: Any, name: str, source: list[str]) -> None:
    words = vocabulary(transformed.output, name).tolist()
    assert sorted(words) == source
    for raw, rows in zip(transformed.raw, column(transformed, name), strict=True):
        assert [words[row].encode() for row in rows] == list(raw.get(name, []))


def test_category_levels_are_the_first_parts_of_the_path(transformed: Any) -> None:
    expected = ["food", "food > dairy", "food > dairy > milk"]
    for level, path in zip(CATEGORY_LEVELS, expected, strict=True):
        words = vocabulary(transformed.output, level).tolist()
        rows = column(transformed, level)
        assert [words[row] for row in rows[MILK] + rows[SOAP]] == [path, "care"]
        assert rows[TEXT] == []


def test_price_is_a_z_score_of_its_logarithm(transformed: Any) -> None:
    logarithms = np.log1p([3.0, 7.0])
    expected = (logarithms - logarithms.mean()) / logarithms.std()
    prices = column(transformed, SCALED_PRICE)
    np.testing.assert_allclose(prices[MILK] + prices[SOAP], expected, rtol=1e-5)
    assert prices[TEXT] == []


def test_item_text_is_title_and_description_and_is_cut(transformed: Any) -> None:
    texts = [[text.decode() for text in example] for example in column(transformed, ITEM_TEXT)]
    assert texts == [["Whole milk 1 gallon, crème"], ["Soap"], ["ä" * 4_000], [], []]


def test_what_an_example_lacks_stays_empty(transformed: Any) -> None:
    of_items = {features.ITEM_ID, features.TITLE, features.BRAND, features.PRICE}
    of_items |= {ITEM_TEXT, SCALED_PRICE, *CATEGORY_LEVELS}
    of_users = {feature.name for feature in features.USER_EXAMPLE}
    for example in transformed.examples[:3]:
        assert not any(len(example[name]) for name in of_users)
    for example in transformed.examples[3:]:
        assert not any(len(example[name]) for name in of_items)
    assert all(len(values) == 0 for name, values in transformed.examples[BERT].items() if name != features.USER_ID)


def test_titles_prices_and_times_pass_as_they_came(transformed: Any) -> None:
    for name in (features.TITLE, features.PRICE, features.TIMESTAMPS, features.BASKETS, features.IS_TARGET):
        assert column(transformed, name) == [list(example.get(name, [])) for example in transformed.raw]


def test_strangers_take_the_row_after_the_last(transformed: Any) -> None:
    layer = transformed.output.transform_features_layer()
    strings = tf.sparse.from_dense([["nobody"]])
    names = (features.USER_ID, features.ITEM_IDS, features.EVENT_TYPES, features.BRAND)
    for name, rows in layer(dict.fromkeys(names, strings)).items():
        assert rows.values.numpy().tolist() == [transformed.output.vocabulary_size_by_name(name.replace("_ids", "_id"))]


def test_a_path_that_is_new_below_a_known_level(transformed: Any) -> None:
    layer = transformed.output.transform_features_layer()
    rows = layer({features.CATEGORY: tf.sparse.from_dense([["food > bread"]])})
    known = vocabulary(transformed.output, "category_1").tolist().index("food")
    assert [int(rows[level].values[0]) for level in CATEGORY_LEVELS] == [known, 2, 2]


def test_the_shops_own_numbers_of_items_pass_and_its_texts_do_not() -> None:
    shapes = {feature.name: tf.string for feature in (*features.USER_EXAMPLE, *features.ITEM_EXAMPLE)}
    kinds = {**shapes, "item_margin": tf.float32, "item_colour": tf.string, "event_rating": tf.float32}
    inputs = {name: tf.sparse.from_dense(tf.zeros([1, 1], kind)) for name, kind in kinds.items() if kind == tf.float32}
    inputs |= {name: tf.sparse.from_dense(tf.constant([["a"]])) for name, kind in kinds.items() if kind == tf.string}
    assert own_numbers(inputs) == ["item_margin"]
