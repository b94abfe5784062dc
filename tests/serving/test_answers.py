"""Output tensors become plain dataclasses."""

import numpy as np

from serving.answers import (
    RankedItem,
    ScoredItem,
    Slate,
    SlatePropensities,
    read_propensities,
    read_rankings,
    read_scored_items,
    read_slates,
)


def test_only_the_empty_strings_at_the_end_are_padding():
    outputs = {
        "item_ids": np.array([[b"a", b"", b"b", b""], [b"", b"", b"", b""]], dtype=object),
        "scores": np.array([[4, 3, 2, 1], [0, 0, 0, 0]], np.float32),
    }
    first, second = read_scored_items(outputs)
    assert first == [ScoredItem("a", 4.0), ScoredItem("", 3.0), ScoredItem("b", 2.0)]
    assert second == []


def test_a_version_may_be_a_number_or_a_string():
    outputs = {
        "item_ids": np.array([[b"a"]], dtype=object),
        "scores": np.array([[0.5]], np.float32),
        "propensities": np.array([[1.0]], np.float32),
        "sources": np.array([[b"ann"]], dtype=object),
        "inclusion_probabilities": np.array([[0.75]], np.float32),
        "predicted_utilities": np.array([[0.25]], np.float32),
        "exploration_features": np.array([[[2.0, 1.0]]], np.float32),
        "policy": np.array([b"greedy"], dtype=object),
        "request_id": np.array([b"r"], dtype=object),
    }
    slate = Slate("r", "17", "greedy", [RankedItem("a", 0.5, 1.0, "ann", 0.75, 0.25, [2.0, 1.0])])
    assert read_slates(outputs | {"model_version": np.array([17])}) == [slate]
    assert read_slates(outputs | {"model_version": np.array([b"17"], dtype=object)}) == [slate]


def test_rankings_keep_the_candidates_order_and_drop_the_padding():
    outputs = {name: np.array([[1, 2], [3, 0]], np.float32) for name in ("utility", "click")}
    first, second = read_rankings(outputs, [["b", "a"], ["c"]])
    assert (first.item_ids, first.utility) == (["b", "a"], [1.0, 2.0])
    assert (second.utility, second.probabilities) == ([3.0], {"click": [3.0]})


def test_propensities_belong_to_the_items_that_were_asked_about():
    names = ("propensities", "inclusion_probabilities", "utilities")
    outputs = {name: np.array([[0.5, 0.25], [1.0, 0.0]], np.float32) for name in names}
    outputs["expected_utilities"] = np.array([[0.75, 0.5, 0.25], [0.5, 0.0, 0.0]], np.float32)
    first, second = read_propensities(outputs, [["a", "b"], ["c"]])
    assert first == SlatePropensities(["a", "b"], [0.5, 0.25], [0.5, 0.25], [0.5, 0.25], [0.75, 0.5, 0.25])
    assert second == SlatePropensities(["c"], [1.0], [1.0], [1.0], [0.5, 0.0, 0.0])
