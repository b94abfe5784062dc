"""Price habit: whether a user chooses the cheap or the dear items of a category."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.profile.interests import recency_weights
from tfx_pipeline.profile.stored_shop import StoredShop

LEAST_EVENTS = 10
"""Events with a price that can be compared, below which nothing is said."""
_NOTICEABLE = 0.15


@dataclass(frozen=True)
class PriceHabit:
    """Prices of what a user chose beside those of the same categories.

    Attributes:
        against_category: Mean price in deviations from the mean of its category, recent events counting more.
        of_shop: The same of all users.
        words: What that means.
    """

    against_category: float
    of_shop: float
    words: str


def price_habit(shop: StoredShop, user: int) -> PriceHabit | None:
    """The price habit of a user; None with fewer than `LEAST_EVENTS` events whose price can be compared."""
    own = _weighted(shop, np.array([user]))
    if own is None or own[1] < LEAST_EVENTS:
        return None
    everybody = _weighted(shop, np.arange(len(shop.items)))
    assert everybody is not None
    return PriceHabit(own[0], everybody[0], _words(own[0] - everybody[0]))


def _weighted(shop: StoredShop, rows: np.ndarray) -> tuple[float, int] | None:
    """Mean of the compared prices and how many there are; None without any."""
    items = shop.items[rows]
    prices = shop.prices[items]
    compared = (items >= 0) & (prices != 0)
    weights = recency_weights(shop, rows)[compared]
    if not compared.any():
        return None
    return float(np.average(prices[compared], weights=weights)), int(compared.sum())


def _words(difference: float) -> str:
    if abs(difference) < _NOTICEABLE:
        return "chooses prices as the other users do"
    degree = "much " if abs(difference) > 3 * _NOTICEABLE else ""
    return f"chooses {degree}{'dearer' if difference > 0 else 'cheaper'} items of a category than the other users"
