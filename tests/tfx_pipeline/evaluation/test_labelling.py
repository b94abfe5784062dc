import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfx_pipeline.evaluation.labelling import Labelling, first_level, number_bands, text_labels

numbers = st.lists(st.one_of(st.floats(-1000, 1000), st.integers(0, 5).map(float), st.just(math.nan)))


def labels_of(labelling: Labelling) -> list[str | None]:
    return [labelling.labels[number] if number >= 0 else None for number in labelling.numbers]


def test_bands_by_hand() -> None:
    # Six prices in two bands of three; the one that is missing has none.
    bands = number_bands(np.array([5.0, 1.0, math.nan, 2.49, 9.99, 2.0, 7.5]), 2, "price")
    assert bands.labels == ("price 1.00 - 2.49", "price 5.00 - 9.99")
    assert bands.numbers.tolist() == [1, 0, -1, 0, 1, 0, 1]
    assert bands.numbers.dtype == np.int32


def test_equal_values_share_the_lower_band() -> None:
    # Places 0 to 9 in five bands of two; the four 1s stand at the places 1 to 4, of which 1 is in the first band.
    bands = number_bands(np.array([0, 1, 1, 1, 1, 2, 3, 4, 5, 6]), 5, "events")
    assert bands.labels == ("events 0 - 1", "events 2", "events 3 - 4", "events 5 - 6")
    assert bands.numbers.tolist() == [0, 0, 0, 0, 0, 1, 2, 2, 3, 3]


def test_close_bands_are_told_apart() -> None:
    assert number_bands(np.array([1.0001, 1.0002]), 2, "rate").labels == ("rate 1.0001", "rate 1.0002")
    tiny = np.array([1e-300, 2e-300])
    assert number_bands(tiny, 2, "rate").labels == ("rate 1e-300", "rate 2e-300")


def test_bands_without_a_name() -> None:
    assert number_bands(np.array([3, 4]), 2).labels == ("3", "4")


def test_nothing_known_has_no_band() -> None:
    bands = number_bands(np.array([math.nan, math.inf]), 10, "price")
    assert (bands.labels, bands.numbers.tolist()) == ((), [-1, -1])


@given(st.lists(st.integers(-(10**6), 10**6), unique=True, min_size=1), st.integers(1, 12))
def test_bands_without_ties_are_of_equal_size(values: list[int], bands: int) -> None:
    sizes = np.bincount(number_bands(np.array(values), bands, "x").numbers)
    assert len(sizes) == min(bands, len(values))
    assert sizes.max() - sizes.min() <= 1


@given(numbers, st.integers(1, 12))
def test_bands_part_the_known_values_in_order(values: list[float], bands: int) -> None:
    labelling = number_bands(np.array(values, np.float64), bands, "x")
    assert len(labelling.labels) <= bands
    assert {number for number in labelling.numbers.tolist() if number >= 0} == set(range(len(labelling.labels)))
    for value, number in zip(values, labelling.numbers, strict=True):
        assert math.isnan(value) == (number == -1)
    known = sorted((value, number) for value, number in zip(values, labelling.numbers, strict=True) if number >= 0)
    for (value, number), (next_value, next_number) in pairwise(known):
        assert next_number == number if next_value == value else next_number >= number


def test_texts_by_hand() -> None:
    # b and c occur twice and go by the alphabet; a is the rest, and so is what is called "other" itself.
    labelling = text_labels(["c", "b", None, "a", "c", "b", "", "other"], most=2)
    assert labelling.labels == ("b", "c", "other")
    assert labelling.numbers.tolist() == [1, 0, -1, 2, 1, 0, -1, 2]


def test_no_other_where_every_text_has_its_label() -> None:
    assert text_labels(["a", "b"], most=2).labels == ("a", "b")
    assert text_labels(["other", "other", "a"], most=2).labels == ("a", "other")
    assert text_labels([None], most=2).labels == ()


@given(st.lists(st.sampled_from(["a", "b", "c", "d", "other", "", None])), st.integers(0, 5))
def test_a_text_has_its_own_label_or_other(values: list[str | None], most: int) -> None:
    labelling = text_labels(values, most)
    own = set(labelling.labels) - {"other"}
    assert labels_of(labelling) == [(value if value in own else "other") if value else None for value in values]
    counts = Counter(value for value in values if value)
    left = [times for value, times in counts.items() if value not in own and value != "other"]
    assert all(counts[label] >= max(left, default=0) for label in own)


@pytest.mark.parametrize(
    ("path", "level"), [("food > bread > rolls", "food"), ("food", "food"), (" a >b", "a"), ("", ""), (None, None)]
)
def test_first_level(path: str | None, level: str | None) -> None:
    assert first_level(path) == level


@pytest.mark.parametrize(
    ("labels", "number", "message"),
    [
        (("a", "b", "a"), 0, "label 'a' occurs twice"),
        (("a",), 1, "label number 1 is outside the 1 labels"),
        (("a",), -2, "label number -2 is outside the 1 labels"),
    ],
)
def test_invalid_labels(labels: tuple[str, ...], number: int, message: str) -> None:
    with pytest.raises(ValueError) as error:
        Labelling(labels, np.array([number], np.int32))
    assert str(error.value) == message


def test_invalid_number_of_bands() -> None:
    with pytest.raises(ValueError) as error:
        number_bands(np.array([1.0]), 0, "price")
    assert str(error.value) == "0 bands, expected at least 1"
