"""Output tensors become plain dataclasses."""

import numpy as np

from serving.answers import RankedItem, ScoredItem, Slate, read_rankings, read_scored_items, read_slates


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
        "request_id": np.array([b"r"], dtype=object),
    }
    slate = Slate("r", "17", [RankedItem("a", 0.5, 1.0, "ann")])
    assert read_slates(outputs | {"model_version": np.array([17])}) == [slate]
    assert read_slates(outputs | {"model_version": np.array([b"17"], dtype=object)}) == [slate]


def test_rankings_keep_the_candidates_order_and_drop_the_padding():
    outputs = {name: np.array([[1, 2], [3, 0]], np.float32) for name in ("utility", "click")}
    first, second = read_rankings(outputs, [["b", "a"], ["c"]])
    assert (first.item_ids, first.utility) == (["b", "a"], [1.0, 2.0])
    assert (second.utility, second.probabilities) == ([3.0], {"click": [3.0]})
