"""Lists become the arrays of the signatures, and what does not fit the batch is named."""

import math

import numpy as np
import pytest

from serving import inputs


def test_ragged_lists_are_padded_at_the_end():
    padded = inputs.ragged_strings("exclude_item_ids", [["a"], [], ["b", "c"]], 3)
    assert padded.tolist() == [["a", ""], ["", ""], ["b", "c"]]


def test_no_lists_are_one_empty_column():
    assert inputs.ragged_strings("exclude_item_ids", None, 2).tolist() == [[""], [""]]


def test_a_history_without_event_types_has_empty_ones_of_its_shape():
    side = inputs.user_side(["u", "v"], [["a", "b"], ["c"]], None, None, None)
    assert side["history_item_ids"].tolist() == [["", "a", "b"], ["", "c", ""]]
    assert side["history_event_types"].tolist() == [["", "", ""], ["", "", ""]]
    assert side["query"].tolist() == ["", ""]


def test_a_history_without_ages_is_of_now():
    side = inputs.user_side(["u", "v"], [["a", "b"], ["c"]], None, None, None)
    assert side["history_ages"].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert side["history_ages"].dtype == np.float32
    assert inputs.user_side(["u"], None, None, None, None)["history_ages"].shape == (1, 1)


@pytest.mark.parametrize("row", [[2.5, 0], (2.5, 0), np.array([2.5, 0.0]), [np.float32(2.5), np.int64(0)]])
def test_ages_are_padded_like_their_history(row):
    side = inputs.user_side(["u", "v", "w"], [["a", "b"], [], ["c"]], None, [row, [], [7]], None)
    assert side["history_ages"].tolist() == [[0, 2.5, 0], [0, 0, 0], [0, 7, 0]]
    assert side["history_ages"].shape == side["history_item_ids"].shape
    assert side["history_ages"].dtype == np.float32


def test_the_first_value_of_a_list_of_events_or_filters_says_nothing():
    """TensorFlow Serving fills narrower requests of a batch with it."""
    side = inputs.user_side(["u", "v"], [["a"], ["b"]], [["buy"], [""]], [[1], [2]], None)
    side |= inputs.filter_side(2, [["x"], []], [["y"], ["z"]])
    assert {name: values[0, 0] for name, values in side.items() if values.ndim == 2} == {
        **dict.fromkeys(["history_item_ids", "history_event_types", "exclude_item_ids", "allow_item_ids"], ""),
        "history_ages": 0,
    }
    already = inputs.user_side(["u", "v"], [[], ["b"]], None, None, None)["history_item_ids"]
    assert already.tolist() == [[""], ["b"]]


def test_no_filter_restricts_nothing():
    side = inputs.filter_side(2)
    assert side["exclude_item_ids"].tolist() == side["allow_item_ids"].tolist() == [[""], [""]]
    assert side["category"].tolist() == ["", ""]
    assert np.isnan([side["lowest_price"], side["highest_price"]]).all()


def test_a_bound_may_be_missing_on_either_side_and_both_may_be_equal():
    side = inputs.filter_side(4, lowest_prices=[1, None, 2.5, math.nan], highest_prices=[None, 3, 2.5, math.inf])
    np.testing.assert_array_equal(side["lowest_price"], np.array([1, np.nan, 2.5, np.nan], np.float32))
    np.testing.assert_array_equal(side["highest_price"], np.array([np.nan, 3, 2.5, np.inf], np.float32))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"allow_item_ids": ["ab"]}, "allow_item_ids: every row is a list of strings, 'ab' is one string"),
        ({"allow_item_ids": []}, "allow_item_ids: 0 rows, the batch has 1"),
        ({"categories": "a > b"}, "categories: a list with one element a row is needed, 'a > b' is one string"),
        ({"categories": [None]}, "categories: a string is needed, None is NoneType"),
        ({"lowest_prices": ["1"]}, "lowest_prices: row 0 has '1', a number or None is needed"),
        ({"highest_prices": [1, 2]}, "highest_prices: 2 rows, the batch has 1"),
        ({"lowest_prices": [2], "highest_prices": [1]}, "lowest_prices: row 0 has 2, its highest price is 1"),
    ],
)
def test_filters_that_do_not_fit_are_named(given, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        inputs.filter_side(1, **given)


def test_an_unknown_price_is_nan():
    prices = inputs.prices("prices", [1.5, None], 2)
    assert prices.dtype == np.float32
    np.testing.assert_array_equal(prices, np.array([1.5, np.nan], np.float32))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: inputs.strings("queries", ["a"], 2), "queries: 1 rows, the batch has 2"),
        (
            lambda: inputs.strings("user_ids", "u1", 2),
            "user_ids: a list with one element a row is needed, 'u1' is one string",
        ),
        (lambda: inputs.strings("user_ids", [7], 1), "user_ids: a string is needed, 7 is int"),
        (
            lambda: inputs.ragged_strings("exclude_item_ids", ["abc"], 1),
            "exclude_item_ids: every row is a list of strings, 'abc' is one string",
        ),
        (lambda: inputs.counts("k", 0, 1), "k: must be between 1 and 2147483647, is 0"),
        (
            lambda: inputs.integers("seeds", [2**63], 1),
            "seeds: a 64-bit integer is needed: Python int too large to convert to C long",
        ),
        (lambda: inputs.rows_of_first({"item_ids": None, "titles": None}), "give at least one of item_ids, titles"),
        (
            lambda: inputs.user_side(["u"], [["a", "b"]], [["click"]], None, None),
            "history_event_types: row 0 has 1 entries, its history has 2",
        ),
        (
            lambda: inputs.user_side(["u"], None, [["click"]], None, None),
            "history_event_types: row 0 has 1 entries, its history has 0",
        ),
        (
            lambda: inputs.user_side(["u"], [["a"]], None, [[1], [2]], None),
            "history_ages: 2 rows, the batch has 1",
        ),
        (
            lambda: inputs.user_side(["u", "v"], [["a"], ["b", "c"]], None, [[1], [2]], None),
            "history_ages: row 1 has 1 entries, its history has 2",
        ),
        (
            lambda: inputs.user_side(["u"], None, None, [[1]], None),
            "history_ages: row 0 has 1 entries, its history has 0",
        ),
        *(
            (
                lambda age=age: inputs.user_side(["u"], [["a"]], None, [[age]], None),
                f"history_ages: row 0 has {age!r}, a number of days from 0 on is needed",
            )
            for age in (-0.5, float("nan"), float("inf"), "1", None)
        ),
        (
            lambda: inputs.user_side(["u"], [["a"]], None, [1.5], None),
            "history_ages: every row is a list of numbers, 1.5 is float",
        ),
        (
            lambda: inputs.user_side(["u"], [["a"]], None, ["1"], None),
            "history_ages: every row is a list of numbers, '1' is str",
        ),
        (
            lambda: inputs.user_side(["u"], [["a"]], None, "1", None),
            "history_ages: a list with one element a row is needed, '1' is one string",
        ),
    ],
)
def test_arguments_that_do_not_fit(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
