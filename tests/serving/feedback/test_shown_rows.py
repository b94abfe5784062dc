"""Slates and what was asked for them, as rows."""

import inspect
import math
from dataclasses import replace

import pytest

from serving.client import ShopRankClient
from serving.feedback.schema import CONTEXT_COLUMNS, SHOWN
from serving.feedback.shown_rows import ARGUMENTS, DEFAULT_K, shown_rows

ASKED = {
    "user_ids": ["u", "v"],
    "history_item_ids": [["x", "y"], []],
    "history_event_types": [["view", "buy"], []],
    "history_ages": [[2.5, 0], []],
    "queries": ["red", ""],
    "exclude_item_ids": [["z"], []],
    "allow_item_ids": [[], ["c"]],
    "categories": ["", "care > soap"],
    "lowest_prices": [0.5, None],
    "highest_prices": [9.5, None],
    "k": 3,
    "policies": ["thompson", ""],
    "seeds": [5, 6],
}


def test_a_row_has_all_columns(slate) -> None:
    first, second = shown_rows([slate("r1"), slate("r2", ("c",))], ASKED, 100, store_context=True)
    assert tuple(first) == tuple(column.name for column in SHOWN)
    assert first | {"context_digest": ""} == {
        "request_id": "r1",
        "timestamp": 100,
        "model_version": "7",
        "policy": "thompson",
        "context_digest": "",
        "user_id": "u",
        "query": "red",
        "history_item_ids": ["x", "y"],
        "history_event_types": ["view", "buy"],
        "history_ages": [2.5, 0.0],
        "exclude_item_ids": ["z"],
        "allow_item_ids": [],
        "category": "",
        "lowest_price": 0.5,
        "highest_price": 9.5,
        "k": 3,
        "seed": 5,
        "item_ids": ["a", "b"],
        "sources": ["ann", "ann"],
        "scores": [2.0, 1.0],
        "propensities": [0.5, 0.5],
        "inclusion_probabilities": [0.75, 0.75],
        "predicted_utilities": [0.25, 0.5],
        "exploration_features": [0.0, 0.125, 1.0, 0.5, 0.125, 1.0],
    }
    assert (second["user_id"], second["history_item_ids"], second["seed"], second["item_ids"]) == ("v", [], 6, ["c"])
    assert (second["allow_item_ids"], second["category"]) == (["c"], "care > soap")
    assert math.isnan(second["lowest_price"])
    assert first["context_digest"] != second["context_digest"]


def test_what_was_not_given_is_what_the_server_took(slate) -> None:
    (row,) = shown_rows([slate()], {"user_ids": ["u"], "history_item_ids": [["x", "y"]]}, 1, store_context=True)
    assert (row["history_event_types"], row["history_ages"], row["query"]) == (["", ""], [0.0, 0.0], "")
    assert (row["k"], row["seed"]) == (10, -1)


def test_without_the_context_the_digest_stays(slate) -> None:
    whole = shown_rows([slate(), slate()], ASKED, 1, store_context=True)[0]
    bare = shown_rows([slate(), slate()], ASKED, 1, store_context=False)[0]
    assert [bare[name] for name in CONTEXT_COLUMNS[:8]] == ["", "", [], [], [], [], [], ""]
    assert all(math.isnan(bare[name]) for name in CONTEXT_COLUMNS[8:])
    assert {**bare, **{name: whole[name] for name in CONTEXT_COLUMNS}} == whole


def test_arguments_and_the_default_are_those_of_the_client() -> None:
    parameters = inspect.signature(ShopRankClient.recommend).parameters
    assert set(ARGUMENTS) == set(parameters) - {"self"}
    assert parameters["k"].default == DEFAULT_K


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user_ids": ["u"]}, "user_ids: 1 rows, there are 2 slates"),
        ({"user": ["u"]}, f"asked: unknown argument 'user', known are {', '.join(ARGUMENTS)}"),
        ({"queries": ["red"]}, "queries: 1 rows, the batch has 2"),
        ({"history_ages": [[1], []]}, "history_ages: row 0 has 1 entries, its history has 2"),
        ({"exclude_item_ids": ["z", "y"]}, "exclude_item_ids: every row is a list of strings, 'z' is one string"),
        ({"lowest_prices": [10, None]}, "lowest_prices: row 0 has 10, its highest price is 9.5"),
        ({"seeds": [1]}, "seeds: 1 rows, the batch has 2"),
        ({"k": "3"}, "slate 'r': k: a 64-bit integer is needed, got '3'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(slate, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        shown_rows([slate(), slate()], ASKED | change, 1, store_context=True)


@pytest.mark.parametrize("wrong", [0.0, -0.5, 1.01, float("nan")])
@pytest.mark.parametrize(
    ("field", "column"), [("propensity", "propensities"), ("inclusion_probability", "inclusion_probabilities")]
)
def test_what_is_no_probability_is_refused(slate, wrong: float, field: str, column: str) -> None:
    good = slate("r9")
    bad = replace(good, items=[good.items[0], replace(good.items[1], **{field: wrong})])
    with pytest.raises(ValueError, match=f"^slate 'r9': {column}: {wrong} for 'b' is not above 0 and at most 1$"):
        shown_rows([bad], {"user_ids": ["u"]}, 1, store_context=True)


def test_a_sum_of_32_bit_numbers_may_be_a_little_above_one(slate) -> None:
    shown_rows([slate(propensity=1.0000001)], {"user_ids": ["u"]}, 1, store_context=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item_id": "a"}, "item_ids: an item is there twice: a, a"),
        ({"exploration_features": [1.0]}, "exploration_features: items have 1 to 3 numbers"),
        ({"exploration_features": [1.0, float("inf"), 1.0]}, "exploration_features: a number is not finite"),
        ({"score": float("nan")}, "scores: a number is not finite"),
        ({"predicted_utility": float("-inf")}, "predicted_utilities: a number is not finite"),
        ({"source": None}, "sources: a text of valid Unicode is needed, got None"),
    ],
)
def test_what_a_reader_would_refuse_is_refused(slate, change: dict[str, object], message: str) -> None:
    good = slate("r9")
    bad = replace(good, items=[good.items[0], replace(good.items[1], **change)])
    with pytest.raises(ValueError, match=f"^slate 'r9': {message}$"):
        shown_rows([bad], {"user_ids": ["u"]}, 1, store_context=True)
