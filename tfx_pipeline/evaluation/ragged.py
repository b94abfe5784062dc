"""Rows of different lengths in two flat arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Ragged:
    """Lists of item rows, one list a case, as Arrow lays lists out.

    Attributes:
        values: All lists, one after the other; [M] int32, or float32 where they are not rows but, say, ages.
        offsets: List `i` is `values[offsets[i]:offsets[i + 1]]`; [C + 1] int64, from 0 to M, never decreasing.

    Raises:
        ValueError: An array has another shape or dtype, or the offsets do not cut the values into lists.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Check both arrays."""
        _check_array("values", self.values, (np.dtype(np.int32), np.dtype(np.float32)))
        _check_array("offsets", self.offsets, (np.dtype(np.int64),))
        if len(self.offsets) == 0 or self.offsets[0] != 0 or self.offsets[-1] != len(self.values):
            raise ValueError(f"offsets must run from 0 to {len(self.values)}, the number of values")
        if (np.diff(self.offsets) < 0).any():
            raise ValueError("offsets must not decrease")

    @classmethod
    def from_lists(cls, lists: Sequence[Sequence[int]]) -> "Ragged":
        """The same lists in two flat arrays."""
        offsets = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(values) for values in lists], out=offsets[1:])
        flat = [value for values in lists for value in values]
        return cls(np.array(flat, np.int32), offsets)

    @classmethod
    def from_owners(cls, owners: NDArray[np.integer[Any]], values: NDArray[Any], count: int) -> "Ragged":
        """`count` lists from values that lie list by list; `owners` ([M], never decreasing) is the list of each."""
        lengths = np.bincount(owners, minlength=count)
        return cls(values, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]))

    def __len__(self) -> int:
        """Number of lists."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of every list; [C] int64."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> NDArray[np.int64]:
        """The list that every value belongs to; [M] int64."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def row(self, index: int) -> NDArray[Any]:
        """The values of one list."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def take(self, indices: NDArray[np.integer[Any]]) -> "Ragged":
        """The lists at `indices`, in that order."""
        # Only the lists at `indices` are looked at, so that work in batches takes no longer with many lists.
        starts = self.offsets[:-1][indices]
        lengths = self.offsets[1:][indices] - starts
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        shifts = np.repeat(starts - offsets[:-1], lengths)
        return Ragged(self.values[shifts + np.arange(offsets[-1])], offsets)

    def keep(self, mask: NDArray[np.bool_]) -> "Ragged":
        """As many lists, with only the values where `mask` ([M] bool) is true."""
        kept_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask, dtype=np.int64)])
        return Ragged(self.values[mask], kept_before[self.offsets])


def _check_array(name: str, array: NDArray[Any], dtypes: tuple[np.dtype[Any], ...]) -> None:
    if array.ndim != 1 or array.dtype not in dtypes:
        wanted = " or ".join(map(str, dtypes))
        raise ValueError(f"{name} must be one-dimensional {wanted}, not {array.dtype} of shape {array.shape}")
