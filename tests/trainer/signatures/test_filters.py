"""Filters over a tiny shop: milk (food > dairy > milk, 3.0), soap (care, 7.0) and a text without either."""

from typing import Any

import pytest

NAN = float("nan")
ALL = {"milk-1", "soap-1", "text-1"}
SIGNATURES = ("recommend", "retrieve", "similar_items")


def answered(ask: Any, signature: str, **filters: Any) -> set[str]:
    """Items of the answer to a stranger, or to one who asks for items like nothing in particular."""
    of_nobody = {"title": ["milk"]} if signature == "similar_items" else {"user_id": ["stranger"]}
    found = ask(signature, **of_nobody, k=[5], **filters)
    shown = [item.decode() for item in found["item_ids"][0] if item]
    assert len(shown) == len(set(shown))
    return set(shown)


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ALL),
        ({"exclude_item_ids": [["milk-1"]]}, {"soap-1", "text-1"}),
        ({"allow_item_ids": [["soap-1", "text-1"]]}, {"soap-1", "text-1"}),
        ({"allow_item_ids": [["soap-1", "text-1"]], "exclude_item_ids": [["soap-1"]]}, {"text-1"}),
        ({"allow_item_ids": [["unheard of"]]}, set()),
        ({"category": ["food > dairy"]}, {"milk-1"}),
        ({"category": ["care"]}, {"soap-1"}),
        ({"category": ["garden"]}, set()),
        ({"lowest_price": [3.0]}, {"milk-1", "soap-1"}),
        ({"highest_price": [6.99]}, {"milk-1"}),
        ({"lowest_price": [8.0], "highest_price": [2.0]}, set()),
        ({"category": ["food"], "lowest_price": [5.0]}, set()),
    ],
)
def test_answers_pass_the_filters(ask: Any, signature: str, filters: dict[str, Any], expected: set[str]) -> None:
    assert answered(ask, signature, **filters) == expected


def test_rows_of_a_batch_have_their_own_filters(ask: Any) -> None:
    found = ask(
        "recommend",
        user_id=["anna"] * 3,
        k=[5] * 3,
        category=["food", "", ""],
        highest_price=[NAN, NAN, 2.0],
        allow_item_ids=[[""], ["soap-1"], [""]],
    )
    rows = [{item.decode() for item in row if item} for row in found["item_ids"]]
    assert rows == [{"milk-1"}, {"soap-1"}, set()]


def test_what_is_filtered_has_no_propensity(ask: Any) -> None:
    slate = [["milk-1", "soap-1", "text-1"]] * 2
    found = ask("propensities", candidate_item_ids=slate, k=[3, 3], policy=["thompson"] * 2, category=["", "care"])
    assert (found["inclusion_probabilities"][0] > 0).all()
    assert found["inclusion_probabilities"][1].tolist() == [0, pytest.approx(1), 0]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_titles_stand_beside_the_ids(ask: Any, signature: str) -> None:
    asked = {"title": ["milk"]} if signature == "similar_items" else {"user_id": ["anna"]}
    found = ask(signature, **asked, k=[3])
    titles = dict(zip(found["item_ids"][0].tolist(), found["titles"][0].tolist(), strict=True))
    assert titles == {b"milk-1": b"Whole milk", b"soap-1": b"Soap", b"text-1": b""}
