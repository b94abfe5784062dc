from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.profile.interests import category_shares, interests, recency_weights, shop_shares
from tfx_pipeline.profile.stored_shop import StoredShop


def test_an_event_counts_half_every_ninety_days(shop: StoredShop) -> None:
    weights = recency_weights(shop)
    assert weights[0].tolist() == [0.125, 0.5, 0.5, 1.0]
    assert weights[2].tolist() == [0.5, 0.0, 0.0, 0.0]


def test_without_a_clock_the_order_counts(shop: StoredShop) -> None:
    weights = recency_weights(replace(shop, has_clock=False))
    np.testing.assert_allclose(weights[1], [2 ** (-2 / 64), 2 ** (-1 / 64), 1.0, 0.0])


def test_shares_and_lift(shop: StoredShop) -> None:
    found = interests(shop, 0, level=2, most=5)
    assert [each.category for each in found] == ["food > bread", "food > milk"]
    assert [each.favourite for each in found] == ["rye bread", "milk"]
    bread, milk = 1.625 / 2.125, 0.5 / 2.125
    assert [each.share for each in found] == pytest.approx([bread, milk])
    of_shop = shop_shares(shop, 2)
    assert of_shop.sum() == pytest.approx(1.0)
    assert [each.lift for each in found] == pytest.approx([bread / of_shop[0], milk / of_shop[1]])


def test_shares_of_several_users_are_those_of_each(shop: StoredShop) -> None:
    together = category_shares(shop, 1, np.array([2, 0]))
    np.testing.assert_allclose(together, [[0.0, 1.0], [1.0, 0.0]])
    assert [len(interests(shop, user, 1, most=1)) for user in range(3)] == [1, 1, 1]


def test_items_without_a_category_are_no_interest(shop: StoredShop) -> None:
    items = np.full_like(shop.items, 4)
    assert interests(replace(shop, items=items), 0, level=1, most=5) == []
