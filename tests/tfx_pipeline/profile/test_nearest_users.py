from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.profile.nearest_users import history_cosines, nearest_users
from tfx_pipeline.profile.stored_shop import StoredShop


def test_cosines_of_weighted_items(shop: StoredShop) -> None:
    two, soap = np.log(3 / 2), np.log(3 / 2)
    bob = np.sqrt(2 * two**2 + soap**2)
    expected = [1.0, 2 * two**2 / (np.sqrt(2) * two * bob), 0.0]
    np.testing.assert_allclose(history_cosines(shop, 0), expected)


def test_the_nearest_and_what_they_share(shop: StoredShop) -> None:
    (bob,) = nearest_users(shop, 0, level=2, most=5)
    assert bob.user_id == "bob"
    weights = 2.0 ** (-np.array([9, 8, 7]) / 90)
    both = np.minimum(weights / weights.sum(), [1.625 / 2.125, 0.5 / 2.125, 0.0])
    assert bob.common == pytest.approx(both.sum())
    assert bob.categories == ["food > bread", "food > milk"]


def test_what_everybody_has_makes_nobody_alike(shop: StoredShop) -> None:
    items = np.array([[0, -1, -1, -1]] * 3, np.int32)
    assert nearest_users(replace(shop, items=items), 0, level=2, most=5) == []
