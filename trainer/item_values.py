"""What an objective is worth for each item: its price, or a number that the shop gives, such as the margin."""

from collections.abc import Sequence

import numpy as np

from trainer import features

PRICE = features.PRICE
"""Name of the value that is the item's price; any other name is a number column of the shop's own."""


def value_feature(name: str) -> str:
    """The feature of an item example that holds a value."""
    return PRICE if name == PRICE else features.ITEM_PREFIX + name


def value_table(columns: Sequence[np.ndarray | None]) -> np.ndarray:
    """Values of all items for each objective; what is not known is taken to be the median of what is.

    Args:
        columns: For each of the O objectives what each item is worth, NaN where that is unknown, [V]; None where all
            items are worth 1.

    Returns:
        float32 [V + 1, O]; the last row is the unknown item, which is worth the median.

    Raises:
        ValueError: No item has a value.
    """
    return np.stack([_filled(column, columns) for column in columns], axis=1).astype(np.float32)


def _filled(column: np.ndarray | None, columns: Sequence[np.ndarray | None]) -> np.ndarray:
    if column is None:
        length = next((len(other) for other in columns if other is not None), 0)
        return np.ones(length + 1)
    known = np.isfinite(column)
    if not known.any():
        raise ValueError("no item has a value; the column of an objective's `value` is empty")
    median = np.median(column[known])
    return np.append(np.where(known, column, median), median)
