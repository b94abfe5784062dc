"""Slices that follow from how many users an item had before the cut in time, or from what it costs and is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.evaluation.item_facts import ItemFacts
from tfx_pipeline.evaluation.labelling import Labelling, first_level, number_bands, text_labels


def popularity_deciles(facts: ItemFacts) -> Labelling:
    """Ten bands of the catalogue by the distinct users of an item, fewer where many have equally many.

    Args:
        facts: Facts of the V items.
    """
    return number_bands(facts.popularity, 10, "users")


def cold_items(facts: ItemFacts) -> Labelling:
    """Items that nobody used before the cut against all others.

    Args:
        facts: Facts of the V items.
    """
    return Labelling(("cold (no user before)", "warm (some users before)"), (facts.popularity > 0).astype(np.int32))


def category_labels(categories: Sequence[str | None], most: int = 20) -> Labelling:
    """The first levels of category paths, the most frequent by name.

    Args:
        categories: A path such as `food > bread` for each item, None for none; [V].
        most: Categories that get their own label; the rest is `other`.
    """
    return text_labels([first_level(category) for category in categories], most)


def price_bands(prices: NDArray[np.floating[Any]]) -> Labelling:
    """Five bands of equally many items by price.

    Args:
        prices: Price of each item, NaN where it has none; [V].
    """
    return number_bands(prices, 5, "price")
