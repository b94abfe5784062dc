"""The users with the most similar histories, and what of their interests they share."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from tfx_pipeline.profile.interests import category_shares
from tfx_pipeline.profile.stored_shop import StoredShop

NAMED = 3
"""Common categories that are named."""


@dataclass(frozen=True)
class NearUser:
    """A user like another.

    Attributes:
        user_id: The id as stored.
        similarity: Cosine of the two histories, see `history_cosines`.
        common: Share of the interests that both have: the sum over the categories of the smaller of the two shares.
        categories: The categories that they share most, in words.
    """

    user_id: str
    similarity: float
    common: float
    categories: list[str]


def nearest_users(shop: StoredShop, user: int, level: int, most: int) -> list[NearUser]:
    """The nearest users of a user, at most so many; nobody without a common item."""
    cosines = history_cosines(shop, user)
    cosines[user] = 0.0
    order = np.argsort(-cosines, kind="stable")[:most]
    near = order[cosines[order] > 0]
    shares = category_shares(shop, level, np.append(near, user))
    common = np.minimum(shares[:-1], shares[-1])
    return [
        NearUser(str(shop.user_ids[row]), float(cosines[row]), float(both.sum()), _names(shop, level, both))
        for row, both in zip(near.tolist(), common, strict=True)
    ]


def history_cosines(shop: StoredShop, user: int) -> np.ndarray:
    """Cosine of a user's stored items with everybody's, rare items counting more; float64 [U].

    An item counts the logarithm of users by users who have it (inverse document frequency, Sparck Jones 1972), once a
    user.
    """
    known = shop.items >= 0
    users = np.broadcast_to(np.arange(len(shop.items))[:, np.newaxis], shop.items.shape)[known]
    shape = (len(shop.items), len(shop.item_ids))
    has = sp.csr_matrix((np.ones(len(users)), (users, shop.items[known])), shape)
    has.data[:] = 1.0
    having = np.bincount(has.indices, minlength=shape[1])
    weights = np.log(shape[0] / np.maximum(having, 1))
    weighted = has.multiply(weights[np.newaxis, :]).tocsr()
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    products = np.asarray((weighted @ weighted[user].T).todense()).ravel()
    return np.divide(products, lengths * lengths[user], out=np.zeros(len(lengths)), where=lengths * lengths[user] > 0)


def _names(shop: StoredShop, level: int, shares: np.ndarray) -> list[str]:
    order = np.argsort(-shares, kind="stable")[:NAMED]
    return [str(shop.category_names[level - 1][row]) for row in order.tolist() if shares[row] > 0]
