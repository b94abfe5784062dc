"""What rows tell about single items: sums by item that can be added in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.bandit.checked_arrays import Array, Strings, finite_array, string_array

_ROUNDING = 1e-9
"""A count below this share of what was there is what rounding left of nothing."""


@dataclass(frozen=True, eq=False)
class ItemEvidence:
    """Weighted sums over the rows (features phi [D], residual r, weight c) of each item. Immutable.

    Attributes:
        ids: Item ids with evidence, sorted and unique, [S] object array of str.
        counts: Sum of c by item, positive, [S] float64.
        features: Sum of c phi by item, [S, D] float64.
        residuals: Sum of c r by item, [S] float64, in utility.
    """

    ids: Strings
    counts: Array
    features: Array
    residuals: Array

    def __post_init__(self) -> None:
        """Check the arrays and freeze copies of them.

        Raises:
            ValueError: A field is ill-shaped or not finite, the ids are not sorted and unique strings, or a count is
                not positive.
        """
        ids = string_array("item_ids", self.ids).copy()
        if not (ids[1:] > ids[:-1]).all():
            raise ValueError("item_ids: not sorted and unique")
        counts = finite_array("item_counts", self.counts, (ids.size,)).copy()
        if (counts <= 0).any():
            raise ValueError(f"item_counts: must be positive, got {counts.min()} for '{ids[counts.argmin()]}'")
        features = finite_array("item_features", self.features, (ids.size, None)).copy()
        residuals = finite_array("item_residuals", self.residuals, (ids.size,)).copy()
        for name, array in (("ids", ids), ("counts", counts), ("features", features), ("residuals", residuals)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @classmethod
    def none(cls, dimension: int) -> "ItemEvidence":
        """No item has evidence yet; `dimension` counts the constant feature."""
        return cls(np.zeros(0, dtype=object), np.zeros(0), np.zeros((0, dimension)), np.zeros(0))

    @classmethod
    def of_rows(cls, item_ids: Sequence[str], features: Array, residuals: Array, weights: Array) -> "ItemEvidence":
        """The sums of a batch of rows; rows of weight 0 tell nothing of their item.

        Args:
            item_ids: [N].
            features: [N, D].
            residuals: [N].
            weights: [N], not negative.

        Raises:
            ValueError: An item id is not a string, or their number is not N.
        """
        ids = string_array("item_ids", item_ids, residuals.size)
        counted = np.flatnonzero(weights > 0)
        if counted.size == 0:
            return cls.none(features.shape[1])
        unique, item = np.unique(ids[counted], return_inverse=True)
        by_item = np.argsort(item, kind="stable")
        starts = np.searchsorted(item[by_item], np.arange(unique.size))
        rows = counted[by_item]
        weight = weights[rows]
        return cls(
            ids=unique,
            counts=np.add.reduceat(weight, starts),
            features=np.add.reduceat(features[rows] * weight[:, None], starts, axis=0),
            residuals=np.add.reduceat(residuals[rows] * weight, starts),
        )

    @property
    def dimension(self) -> int:
        """Number of features D, the constant included."""
        return int(self.features.shape[1])

    def merge(self, other: "ItemEvidence") -> "ItemEvidence":
        """The sums over the rows of both; both have the same dimension."""
        if other.ids.size == 0:
            return self
        if self.ids.size == 0:
            return other
        place, known = find_ids(self.ids, other.ids)
        if known.all():
            return self._added(place, other, 1.0)
        # Two sorted runs one after the other: a stable sort merges them in one pass.
        ids = np.sort(np.concatenate([self.ids, other.ids[~known]]), kind="stable")
        mine, _ = find_ids(ids, self.ids)
        theirs, _ = find_ids(ids, other.ids)
        return ItemEvidence(
            ids,
            _spread(self.counts, mine, ids.size) + _spread(other.counts, theirs, ids.size),
            _spread(self.features, mine, ids.size) + _spread(other.features, theirs, ids.size),
            _spread(self.residuals, mine, ids.size) + _spread(other.residuals, theirs, ids.size),
        )

    def without(self, other: "ItemEvidence") -> "ItemEvidence":
        """The sums over the rows of this that are not in `other`; an item without rows left is left out.

        Raises:
            ValueError: `other` counts more of an item than there is.
        """
        place, known = find_ids(self.ids, other.ids)
        if not known.all():
            raise ValueError(f"evidence: item '{other.ids[np.argmin(known)]}' is not part of this posterior")
        missing = self.counts[place] - other.counts < -_ROUNDING * other.counts
        if missing.any():
            raise ValueError(f"evidence: counts more of item '{other.ids[np.argmax(missing)]}' than this posterior")
        counts = self.counts.copy()
        counts[place] -= other.counts
        kept = counts > _ROUNDING * self.counts
        place, other = place[kept[place]], other.at(np.flatnonzero(kept[place]))
        return self._added(place, other, -1.0).at(np.flatnonzero(kept))

    def at(self, places: NDArray[np.int64]) -> "ItemEvidence":
        """The items at these places, which ascend."""
        return ItemEvidence(self.ids[places], self.counts[places], self.features[places], self.residuals[places])

    def _added(self, place: NDArray[np.int64], other: "ItemEvidence", sign: float) -> "ItemEvidence":
        """These sums plus `sign` times those of the other, whose items are at the given places of this."""
        counts, features, residuals = self.counts.copy(), self.features.copy(), self.residuals.copy()
        counts[place] += sign * other.counts
        features[place] += sign * other.features
        residuals[place] += sign * other.residuals
        return ItemEvidence(self.ids, counts, features, residuals)


def find_ids(ids: Strings, wanted: Strings) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each wanted id is among the sorted ids, [M] int64, and whether it is there at all, [M] bool."""
    if ids.size == 0:
        return np.zeros(wanted.size, np.int64), np.zeros(wanted.size, np.bool_)
    place = np.minimum(np.searchsorted(ids, wanted), ids.size - 1)
    return place, np.asarray(ids[place] == wanted, np.bool_)


def _spread(values: Array, places: NDArray[np.int64], size: int) -> Array:
    """Zeros [size, ...] with the values at their places."""
    result = np.zeros((size, *values.shape[1:]))
    result[places] = values
    return result
