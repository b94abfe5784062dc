"""The part of the catalogue that a costly model can learn."""

import numpy as np
from numpy.typing import NDArray


def most_bought(users: NDArray[np.int64], items: int | None) -> NDArray[np.int64]:
    """The items with the most distinct users.

    Args:
        users: Distinct users of every item; [V] int64.
        items: How many items; None for all that were bought. Of equals the first of the catalogue are taken.

    Returns:
        Item rows that were bought, increasing; [M] int64.
    """
    bought = np.flatnonzero(users)
    by_users = bought[np.argsort(-users[bought], kind="stable")]
    return np.sort(by_users[:items])
