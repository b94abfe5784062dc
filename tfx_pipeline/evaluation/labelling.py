"""Labels for users, items or targets: bands of a number, the most frequent values of a text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_LABEL = -1
"""The label number of what is in no slice."""

OTHER = "other"


@dataclass(frozen=True, eq=False)
class Labelling:
    """One label each for N users, items or targets.

    Attributes:
        labels: The distinct labels, in the order a reader wants them.
        numbers: Place of each one's label in `labels`, -1 for none; [N] int32.

    Raises:
        ValueError: A label occurs twice, or a number has no label.
    """

    labels: tuple[str, ...]
    numbers: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        check_labels(self.labels, self.numbers)


def check_labels(labels: Sequence[str], numbers: NDArray[np.integer[Any]]) -> None:
    """Check label numbers ([N], -1 for none) against the labels they number.

    Raises:
        ValueError: A label occurs twice, or a number has no label.
    """
    repeated = [label for label, times in Counter(labels).items() if times > 1]
    if repeated:
        raise ValueError(f"label '{repeated[0]}' occurs twice")
    outside = numbers[(numbers < NO_LABEL) | (numbers >= len(labels))]
    if len(outside):
        raise ValueError(f"label number {outside[0]} is outside the {len(labels)} labels")


def number_bands(values: NDArray[Any], bands: int, of: str = "") -> Labelling:
    """Bands of equally many, such as deciles, from the smallest values to the largest.

    Equal values share a band, the lower one where a limit falls among them; so there are fewer bands, of different
    sizes, where many are equal. Without ties no two bands differ by more than one.

    Args:
        values: A number each, NaN or infinite for none; [N].
        bands: Number of bands.
        of: What the numbers are, such as `price`; each label begins with it, if it is given.

    Returns:
        Labels such as `price 1.00 - 2.49`, each from the smallest to the largest value in its band.

    Raises:
        ValueError: `bands` is below 1.
    """
    if bands < 1:
        raise ValueError(f"{bands} bands, expected at least 1")
    is_known = np.isfinite(np.asarray(values, np.float64))
    numbers = np.full(len(values), NO_LABEL, np.int32)
    if not is_known.any():
        return Labelling((), numbers)
    distinct, places, counts = np.unique(values[is_known], return_inverse=True, return_counts=True)
    smaller = np.cumsum(counts) - counts
    starts = np.flatnonzero(np.diff(smaller * bands // is_known.sum(), prepend=-1))
    numbers[is_known] = (np.searchsorted(starts, np.arange(len(distinct)), side="right") - 1)[places]
    texts = _band_texts(distinct[starts], distinct[np.append(starts[1:], len(distinct)) - 1])
    return Labelling(tuple(f"{of} {text}".lstrip() for text in texts), numbers)


def text_labels(values: Sequence[str | None], most: int = 20) -> Labelling:
    """The most frequent texts as labels, the most frequent first, and `other` for the rest.

    Args:
        values: A text each, None or empty for none; [N].
        most: Texts that get their own label; equally frequent ones go by the alphabet.
    """
    counts = Counter(value for value in values if value)
    frequent = sorted(counts, key=lambda value: (-counts[value], value))
    # A value that is itself called "other" goes there too.
    labels = [value for value in frequent[:most] if value != OTHER]
    has_other = len(labels) < len(frequent)
    number_of = dict.fromkeys(frequent, len(labels)) | {label: number for number, label in enumerate(labels)}
    numbers = np.fromiter((number_of.get(value or "", NO_LABEL) for value in values), np.int32, len(values))
    return Labelling(tuple([*labels, OTHER] if has_other else labels), numbers)


def first_level(category: str | None) -> str | None:
    """The first level of a category path: `food` of `food > bread > rolls`."""
    return None if category is None else category.split(">", 1)[0].strip()


def _band_texts(lows: NDArray[Any], highs: NDArray[Any]) -> list[str]:
    if not any((ends % 1).any() for ends in (lows, highs)):
        return [_span(f"{low:.0f}", f"{high:.0f}") for low, high in zip(lows, highs, strict=True)]
    # As many decimals as it takes to tell the bands apart.
    for decimals in range(2, 17):
        spans = [_span(f"{low:.{decimals}f}", f"{high:.{decimals}f}") for low, high in zip(lows, highs, strict=True)]
        if len(set(spans)) == len(spans):
            return spans
    return [_span(repr(float(low)), repr(float(high))) for low, high in zip(lows, highs, strict=True)]


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} - {high}"
