from dataclasses import replace

import numpy as np
import pytest

from tfx_pipeline.profile.price_habit import price_habit
from tfx_pipeline.profile.stored_shop import StoredShop


def shop_with_prices(shop: StoredShop, first: float, second: float) -> StoredShop:
    """Twelve events of item 0 by one user and of item 1 by another, all of one day."""
    items = np.repeat([[0], [1]], 12, axis=1).astype(np.int32)
    prices = np.array([first, second, 0, 0, 0, 0], np.float32)
    return replace(shop, items=items, ages=np.zeros_like(items, np.float32), prices=prices)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (0.1, "chooses prices as the other users do"),
        (1.5, "chooses much dearer items of a category than the other users"),
        (0.5, "chooses dearer items of a category than the other users"),
        (-0.5, "chooses cheaper items of a category than the other users"),
    ],
)
def test_prices_in_words(shop: StoredShop, own: float, words: str) -> None:
    habit = price_habit(shop_with_prices(shop, own, -0.001), 0)
    assert habit is not None
    assert (habit.words, habit.against_category, habit.of_shop) == (
        words,
        pytest.approx(own),
        pytest.approx((own - 0.001) / 2),
    )


def test_recent_events_count_more(shop: StoredShop) -> None:
    twelve = shop_with_prices(shop, 1.0, -1.0)
    items = np.array([[0] * 6 + [1] * 6] * 2, np.int32)
    ages = np.array([[90] * 6 + [0] * 6] * 2, np.float32)
    habit = price_habit(replace(twelve, items=items, ages=ages), 0)
    assert habit is not None
    assert habit.against_category == pytest.approx((0.5 - 1.0) / 1.5)


def test_too_little_to_go_by(shop: StoredShop) -> None:
    assert price_habit(shop, 0) is None
    assert price_habit(shop_with_prices(shop, 0.0, 1.0), 0) is None
