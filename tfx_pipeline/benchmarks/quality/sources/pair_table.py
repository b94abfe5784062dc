"""Numbers of pairs of a case and an item (or a group of items), looked up for candidates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfx_pipeline.benchmarks.quality.source import Columns


@dataclass(frozen=True, eq=False)
class PairTable:
    """Columns of P pairs.

    Attributes:
        keys: One number for each pair, increasing; int64 [P].
        columns: Name -> value of each pair; float32 [P].
        absent: Name -> value of a pair that is not there; 0 where it is not named.
    """

    keys: NDArray[np.int64]
    columns: Columns
    absent: dict[str, float]

    def at(self, keys: NDArray[np.int64]) -> Columns:
        """Name -> values of the pairs with these keys; float32 [M] for int64 [M]."""
        known = np.isin(keys, self.keys)
        places = np.searchsorted(self.keys, keys[known])
        found: Columns = {}
        for name, values in self.columns.items():
            found[name] = np.full(len(keys), self.absent.get(name, 0.0), np.float32)
            found[name][known] = values[places]
        return found


@dataclass(frozen=True, eq=False)
class GroupedEvents:
    """Events that belong to pairs, and the sums and extremes over them.

    Attributes:
        pairs: Place of the pair of each event; int64 [E].
        count: Number of pairs, P.
    """

    pairs: NDArray[np.int64]
    count: int

    def sum(self, values: NDArray[np.floating | np.bool_]) -> NDArray[np.float64]:
        """The sum over the events of each pair; float64 [P]."""
        return np.bincount(self.pairs, values, minlength=self.count).astype(np.float64)

    def smallest(self, values: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
        """The smallest value of each pair; float64 [P]."""
        found = np.full(self.count, np.inf)
        np.minimum.at(found, self.pairs, values)
        return found

    def largest(self, values: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
        """The largest value of each pair; float64 [P]."""
        return -self.smallest(-values)
