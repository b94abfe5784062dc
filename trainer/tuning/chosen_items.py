"""Which items each of many users chose, as sorted keys."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ChosenItems:
    """Some of the V items of a catalogue for each of C cases.

    Attributes:
        keys: Sorted, `case * (V + 1) + item`, int64.
        cases: C.
        width: V + 1.
    """

    keys: np.ndarray
    cases: int
    width: int

    @classmethod
    def of_keys(cls, keys: np.ndarray, numbers: np.ndarray, item_count: int) -> "ChosenItems":
        """Of keys as in `trainer.mining.Cases`, those of some cases by their number; the unknown item is none."""
        width = item_count + 1
        places = np.full(max(int(keys.max(initial=0)) // width, int(numbers.max(initial=0))) + 1, -1, np.int64)
        places[numbers] = np.arange(len(numbers))
        case, item = places[keys // width], keys % width
        kept = (case >= 0) & (item < item_count)
        return cls(np.sort(case[kept] * width + item[kept]), len(numbers), width)

    @property
    def counts(self) -> np.ndarray:
        """Items of each case, [C]."""
        return np.bincount(self.keys // self.width, minlength=self.cases)

    def contains(self, rows: np.ndarray) -> np.ndarray:
        """Whether items are among those of their case, int [C, N] to bool [C, N]; -1 never is."""
        keys = np.arange(self.cases)[:, np.newaxis] * self.width + np.where(rows < 0, self.width - 1, rows)
        return np.isin(keys, self.keys)

    def without(self, rows: np.ndarray) -> "ChosenItems":
        """The same without some items of each case, int [C, N]; -1 is none."""
        case, place = np.nonzero(rows >= 0)
        gone = case * self.width + rows[case, place]
        return ChosenItems(self.keys[~np.isin(self.keys, gone)], self.cases, self.width)
