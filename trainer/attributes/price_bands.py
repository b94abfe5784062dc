"""Bands of prices, each with as many of a shop's items as the next."""

import numpy as np


def price_bands(prices: np.ndarray, count: int = 5) -> np.ndarray:
    """The band of each price, in words such as `2.49 to 3.99`.

    The borders are quantiles of the known prices; where many items have one price there are fewer bands.

    Args:
        prices: float [N], not a number where unknown.
        count: Bands.

    Returns:
        str [N], '' where the price is unknown.

    Raises:
        ValueError: `count` is below 2.
    """
    if count < 2:
        raise ValueError(f"count: at least 2 bands, not {count}")
    known = np.isfinite(prices)
    bands = np.full(len(prices), "", dtype=object)
    if not known.any():
        return bands
    inner = np.unique(np.quantile(prices[known], np.arange(1, count) / count, method="higher"))
    rows = np.searchsorted(inner, prices[known], side="right")
    # Told by what is in it, so that the words of two bands never overlap.
    names = {row: _words(prices[known][rows == row]) for row in np.unique(rows).tolist()}
    bands[known] = [names[row] for row in rows.tolist()]
    return bands


def _words(prices: np.ndarray) -> str:
    lowest, highest = f"{prices.min():.2f}", f"{prices.max():.2f}"
    return lowest if lowest == highest else f"{lowest} to {highest}"
