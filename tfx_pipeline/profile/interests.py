"""Interests: the share of a user's events that each category has, recent ones counting more, beside the shop's."""

from dataclasses import dataclass

import numpy as np

from tfx_pipeline.profile.stored_shop import StoredShop

HALF_LIFE_DAYS, HALF_LIFE_EVENTS = 90.0, 64.0
"""How far back an event counts half; in events where the shop's times are no clock."""


@dataclass(frozen=True)
class Interest:
    """One category of a user.

    Attributes:
        category: Its path, such as `grocery > bread`.
        share: Share of the user's events with a category, weighted by recency.
        lift: That share by the same share of all users.
        favourite: Title of the item of this category that counts most.
    """

    category: str
    share: float
    lift: float
    favourite: str


def recency_weights(shop: StoredShop, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
    """What each event of some users counts, 1 for one at the end of the training window; float64 [users, H], 0 pads."""
    items, ages = shop.items[rows], shop.ages[rows]
    if shop.has_clock:
        # In float64 no age of a real clock comes to zero.
        return np.where(items >= 0, np.exp2(-ages.astype(np.float64) / HALF_LIFE_DAYS), 0.0)
    counts = (items >= 0).sum(axis=1, keepdims=True)
    ago = counts - 1 - np.arange(items.shape[1])
    return np.where(items >= 0, np.exp2(-ago / HALF_LIFE_EVENTS), 0.0)


def category_shares(shop: StoredShop, level: int, rows: np.ndarray) -> np.ndarray:
    """Shares of the categories of a level in the events of some users; float64 [users, categories], rows of sum 1.

    Events of items without a category do not count; a user without any other has zeros.

    Args:
        shop: The shop.
        level: 1 to 3; the first is the coarsest.
        rows: Users, int [users].
    """
    width = len(shop.category_names[level - 1])
    categories = shop.categories[shop.items[rows], level - 1]
    weights = recency_weights(shop, rows)
    place = np.arange(len(rows))[:, np.newaxis] * width + categories
    sums = np.bincount(place.ravel(), weights.ravel(), minlength=len(rows) * width).reshape(len(rows), width)
    sums = sums[:, :-1]
    totals = sums.sum(axis=1, keepdims=True)
    return np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)


def shop_shares(shop: StoredShop, level: int) -> np.ndarray:
    """The same shares in the events of all users together; float64 [categories]."""
    categories = shop.categories[shop.items, level - 1]
    width = len(shop.category_names[level - 1])
    sums = np.bincount(categories.ravel(), recency_weights(shop).ravel(), minlength=width)[:-1]
    shares: np.ndarray = sums / max(sums.sum(), 1e-12)
    return shares


def interests(shop: StoredShop, user: int, level: int, most: int) -> list[Interest]:
    """The categories of a user with the largest shares, at most so many."""
    shares = category_shares(shop, level, np.array([user]))[0]
    of_shop = shop_shares(shop, level)
    order = np.argsort(-shares, kind="stable")[:most]
    names = shop.category_names[level - 1]
    return [
        Interest(
            str(names[row]), float(shares[row]), float(shares[row] / of_shop[row]), _favourite(shop, user, level, row)
        )
        for row in order.tolist()
        if shares[row] > 0
    ]


def _favourite(shop: StoredShop, user: int, level: int, category: int) -> str:
    items, weights = shop.items[user], recency_weights(shop, np.array([user]))[0]
    inside = (items >= 0) & (shop.categories[items, level - 1] == category)
    found, place = np.unique(items[inside], return_inverse=True)
    return shop.title(int(found[np.bincount(place, weights[inside]).argmax()]))
