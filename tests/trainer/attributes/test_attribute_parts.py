"""Classes, price bands and abstention."""

import numpy as np
import pytest

from trainer.attributes.abstention import LEAST_ANSWERS, NEVER, abstention_threshold
from trainer.attributes.attribute_labels import AttributeLabels, top_levels
from trainer.attributes.price_bands import price_bands


def words(text: str) -> np.ndarray:
    return np.array([word.replace("-", "") for word in text.split()], dtype=object)


def test_rare_values_and_gaps_have_no_class() -> None:
    labels = AttributeLabels.of(words("b a b a a b rare -"))
    assert labels.classes.tolist() == ["a", "b"]
    assert labels.rows.tolist() == [1, 0, 1, 0, 0, 1, -1, -1]


def test_only_known_items_make_classes() -> None:
    known = np.array([True] * 3 + [False] * 4)
    labels = AttributeLabels.of(words("a a a a b b b"), known)
    assert labels.classes.tolist() == ["a"]
    assert labels.rows.tolist() == [0, 0, 0, 0, -1, -1, -1]


def test_top_levels() -> None:
    paths = np.array(["food > bread > rye", "food", ""], dtype=object)
    assert top_levels(paths, " > ").tolist() == ["food", "food", ""]


def test_bands_hold_equal_parts_of_the_items() -> None:
    prices = np.array([*range(1, 11), np.nan])
    bands = price_bands(prices, 5)
    assert bands.tolist() == [
        *np.repeat(["1.00 to 2.00", "3.00 to 4.00", "5.00 to 6.00", "7.00 to 8.00", "9.00 to 10.00"], 2),
        "",
    ]


def test_equal_prices_are_one_band() -> None:
    assert price_bands(np.array([1.0, 1.0, 1.0, 1.0, 5.0]), 5).tolist() == ["1.00"] * 4 + ["5.00"]
    assert price_bands(np.array([np.nan]), 5).tolist() == [""]
    with pytest.raises(ValueError, match="^count: at least 2 bands, not 1$"):
        price_bands(np.ones(3), 1)


def test_the_threshold_gives_the_most_answers_that_are_right_often_enough() -> None:
    random = np.random.default_rng(0)
    probabilities = np.round(random.random(500), 2)
    is_right = random.random(500) < probabilities
    threshold = abstention_threshold(probabilities, is_right, 0.8)
    share = {each: is_right[probabilities >= each].mean() for each in np.unique(probabilities)}
    enough = {each: (probabilities >= each).sum() >= LEAST_ANSWERS for each in share}
    assert threshold == min(each for each in share if share[each] >= 0.8 and enough[each])


def test_nothing_is_said_where_nothing_is_right_often_enough() -> None:
    assert abstention_threshold(np.linspace(0, 1, 100), np.zeros(100, bool), 0.5) == NEVER
    assert abstention_threshold(np.ones(LEAST_ANSWERS - 1), np.ones(LEAST_ANSWERS - 1, bool), 0.5) == NEVER
    assert abstention_threshold(np.zeros(0), np.zeros(0, bool), 0.5) == NEVER
    with pytest.raises(ValueError, match="^precision: above 0 and at most 1, not 0$"):
        abstention_threshold(np.ones(1), np.ones(1, bool), 0)
