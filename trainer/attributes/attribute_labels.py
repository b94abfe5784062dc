"""An attribute of items as classes."""

from dataclasses import dataclass

import numpy as np

LEAST_ITEMS = 3
"""Items that a class needs to be learned; one that fewer have cannot be told from chance."""
UNKNOWN = -1


@dataclass(frozen=True)
class AttributeLabels:
    """The classes of one attribute, and the class of each item.

    Attributes:
        classes: Values that enough items have, in order, str [C].
        rows: Row of each item's class, `UNKNOWN` for an item without the attribute or with a rare value, int32 [N].
    """

    classes: np.ndarray
    rows: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, known_to: np.ndarray | None = None) -> "AttributeLabels":
        """Learn the classes of an attribute.

        Args:
            values: Value of each item, '' where it lacks the attribute, str [N].
            known_to: Items whose values may be looked at, bool [N]; all by default. The others have a row as well.
        """
        seen = values if known_to is None else values[known_to]
        found, counts = np.unique(seen[seen != ""].astype(str), return_counts=True)
        classes = found[counts >= LEAST_ITEMS].astype(object)
        row_of = {value: row for row, value in enumerate(classes.tolist())}
        rows = np.array([row_of.get(value, UNKNOWN) for value in values.tolist()], np.int32)
        return cls(classes, rows)


def top_levels(paths: np.ndarray, separator: str) -> np.ndarray:
    """The first level of each category path, str [N]; '' stays ''."""
    return np.array([path.split(separator)[0] for path in paths.tolist()], dtype=object)
