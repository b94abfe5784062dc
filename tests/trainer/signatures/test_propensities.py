"""`recommend` and `propensities` over real parts: what one says of its slates the other says when asked again."""

from typing import Any

import numpy as np
import pytest

from trainer.bandit.settings import POLICIES

USERS = ["anna", "stranger"]


def slates(ask: Any, policy: str, **given: Any) -> dict[str, np.ndarray]:
    return ask("recommend", user_id=USERS, policy=[policy] * 2, k=[3, 3], seed=[5, 6], **given)


def asked_again(ask: Any, policy: str, items: Any, **given: Any) -> dict[str, np.ndarray]:
    asked = {"user_id": USERS, "policy": [policy] * 2, "k": [3, 3], "seed": [5, 6]} | given
    return ask("propensities", **asked, candidate_item_ids=items)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_slate_has_the_same_propensities_when_it_is_asked_about(ask: Any, policy: str) -> None:
    shown = slates(ask, policy)
    again = asked_again(ask, policy, shown["item_ids"].tolist())
    for name in ("propensities", "inclusion_probabilities"):
        np.testing.assert_allclose(again[name], shown[name], rtol=1e-5)
    assert (shown["item_ids"] != b"").all()
    assert (shown["propensities"] > 0).all()


@pytest.mark.parametrize("policy", POLICIES)
def test_the_propensities_of_all_items_in_a_slot_sum_to_one(ask: Any, policy: str) -> None:
    items = slates(ask, "greedy")["item_ids"][0].tolist()
    totals = np.zeros((2, 3))
    for first in range(3):
        turned = items[first:] + items[:first]
        totals += asked_again(ask, policy, [turned] * 2)["propensities"]
    np.testing.assert_allclose(totals, 1.0, rtol=1e-5)
    inclusions = asked_again(ask, policy, [items] * 2)["inclusion_probabilities"]
    np.testing.assert_allclose(inclusions.sum(axis=1), 3.0, rtol=1e-5)


def test_a_slate_says_what_the_exploration_head_needs_to_learn(ask: Any) -> None:
    shown = slates(ask, "")
    assert shown["policy"].tolist() == [b"greedy"] * 2
    assert shown["exploration_features"].shape[:2] == (2, 3)
    np.testing.assert_array_equal(shown["exploration_features"][:, :, -1], 1.0)
    ranked = ask("rank", user_id=USERS, candidate_item_ids=shown["item_ids"].tolist())
    np.testing.assert_allclose(shown["predicted_utilities"], ranked["utility"], rtol=1e-5)


def test_greedy_expects_of_its_slots_what_it_expects_of_its_items(ask: Any) -> None:
    shown = slates(ask, "greedy")
    again = asked_again(ask, "greedy", shown["item_ids"].tolist())
    np.testing.assert_allclose(again["expected_utilities"], again["utilities"], rtol=1e-5)
    np.testing.assert_allclose(again["utilities"], shown["scores"], rtol=1e-5)


def test_what_is_no_candidate_has_no_chance(ask: Any) -> None:
    shown = slates(ask, "thompson", exclude_item_ids=[["milk-1"], ["milk-1"]])
    assert b"milk-1" not in shown["item_ids"]
    items = [["milk-1", "nothing", "", "soap-1"]] * 2
    again = asked_again(ask, "thompson", items, exclude_item_ids=[["milk-1"], ["milk-1"]])
    for name in ("propensities", "inclusion_probabilities", "utilities"):
        np.testing.assert_array_equal(again[name][:, :3], 0.0)
    # The fourth item of a slate of two candidates is behind its last slot, and still somewhere in it.
    np.testing.assert_array_equal(again["propensities"][:, 3], 0.0)
    np.testing.assert_allclose(again["inclusion_probabilities"][:, 3], 1.0, rtol=1e-5)


def test_slates_of_a_batch_may_have_different_lengths(ask: Any) -> None:
    shown = ask("recommend", user_id=USERS, policy=["thompson"] * 2, k=[1, 3], seed=[5, 6])
    assert (shown["item_ids"] != b"").sum(axis=1).tolist() == [1, 3]
    alone = ask("recommend", user_id=USERS[:1], policy=["thompson"], k=[1], seed=[5])
    np.testing.assert_array_equal(shown["item_ids"][:1, :1], alone["item_ids"])
    for name in ("propensities", "inclusion_probabilities"):
        np.testing.assert_allclose(shown[name][:1, :1], alone[name], rtol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_slate_does_not_depend_on_a_search_beside_it(ask: Any, policy: str) -> None:
    together = ask("recommend", user_id=USERS, query=["", "milk"], policy=[policy] * 2, k=[3, 3], seed=[5, 6])
    alone = ask("recommend", user_id=USERS[:1], query=[""], policy=[policy], k=[3], seed=[5])
    np.testing.assert_array_equal(together["item_ids"][:1], alone["item_ids"])
    np.testing.assert_allclose(together["propensities"][:1], alone["propensities"], rtol=1e-5)
