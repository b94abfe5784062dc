"""Prices beside those of the same category."""

from dataclasses import dataclass

import numpy as np

LEAST_ITEMS = 5
"""Items with a price that a category needs to be compared with."""

_LEAST_DEVIATION = 0.05
_LARGEST = 5.0


@dataclass(frozen=True)
class CategoryPrices:
    """Mean and deviation of the scaled prices of each category.

    Attributes:
        means: By level and row of the category vocabulary, float64 [size] each.
        deviations: The same, not below 0.05; a category of equal prices would make every other price infinitely dear.
        enough: Whether the category has `LEAST_ITEMS` items with a price; the row of items without a category has not.
    """

    means: tuple[np.ndarray, ...]
    deviations: tuple[np.ndarray, ...]
    enough: tuple[np.ndarray, ...]

    @classmethod
    def of(
        cls, categories: np.ndarray, prices: np.ndarray, known: np.ndarray, sizes: tuple[int, ...]
    ) -> "CategoryPrices":
        """Learn from the items of a catalogue.

        Args:
            categories: Rows of the category vocabularies, int [N, levels], the shallowest first.
            prices: Scaled prices, [N].
            known: 1 where the price is known, [N].
            sizes: Rows of each vocabulary; the last is for items without a category.
        """
        levels = [_moments(rows, prices, known, size) for rows, size in zip(categories.T, sizes, strict=True)]
        means, deviations, enough = zip(*levels, strict=True)
        return cls(means, deviations, enough)

    def z_scores(self, categories: np.ndarray, prices: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The price of each item in deviations from the mean of its deepest category that has enough items.

        Args:
            categories: As in `of`, of any items.
            prices: The same.
            known: The same.

        Returns:
            float32 [N] in [-5, 5]; 0 where the price is unknown or no category of the item has enough.
        """
        scores = np.zeros(len(prices))
        for rows, mean, deviation, enough in zip(
            categories.T, self.means, self.deviations, self.enough, strict=True
        ):  # A deeper level overwrites what a shallower one said.
            scores = np.where(enough[rows], (prices - mean[rows]) / deviation[rows], scores)
        return (np.clip(scores, -_LARGEST, _LARGEST) * known).astype(np.float32)


def _moments(rows: np.ndarray, prices: np.ndarray, known: np.ndarray, size: int) -> tuple[np.ndarray, ...]:
    weights, values = known.astype(np.float64), prices.astype(np.float64)
    counts, sums = (np.bincount(rows, each, minlength=size) for each in (weights, weights * values))
    means = sums / np.maximum(counts, 1)
    squares = np.bincount(rows, weights * (values - means[rows]) ** 2, minlength=size)
    deviations = np.sqrt(squares / np.maximum(counts, 1))
    return means, np.maximum(deviations, _LEAST_DEVIATION), (counts >= LEAST_ITEMS) & (np.arange(size) < size - 1)
