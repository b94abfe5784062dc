"""Ids that can be looked up fast, a batch at a time."""

import numpy as np
import pyarrow as pa

from tfx_pipeline.sources.conversion import Converted
from tfx_pipeline.sources.values import Mask


class IdSet:
    """A growing set of ids; looking up and adding takes time that does not depend on its size."""

    def __init__(self, ids: pa.Array | None = None) -> None:
        """Start with `[M]` strings, or with none."""
        self._ids = {} if ids is None else dict.fromkeys(_strings(ids))

    @property
    def ids(self) -> pa.Array:
        """`[M]` strings, in the order in which they came."""
        return pa.array(list(self._ids), pa.string())

    def contains(self, ids: pa.Array) -> Mask:
        """`[N]` bool, for `[N]` strings."""
        return np.fromiter(map(self._ids.__contains__, _strings(ids)), bool, len(ids))

    def add(self, column: Converted, candidates: Mask) -> Mask:
        """Add the ids of some rows.

        Args:
            column: `[N]` ids.
            candidates: `[N]` bool, the rows.

        Returns:
            `[N]` bool: the first of the candidate rows with an id that the set did not have.
        """
        rows = np.flatnonzero(candidates)
        codes = column.dictionary.indices.to_numpy()[rows]
        # Of several rows with a code the one that is written last counts: the first, going backwards.
        first_row = np.full(len(column.dictionary.dictionary), -1)
        first_row[codes[::-1]] = rows[::-1]
        firsts = np.sort(first_row[first_row >= 0])
        is_new = np.zeros(len(candidates), dtype=bool)
        # One by one: an encoded column may hold a value under several codes.
        for row, each in zip(firsts, _strings(column.values.take(pa.array(firsts))), strict=True):
            is_new[row] = each not in self._ids
            self._ids[each] = None
        return is_new


def _strings(ids: pa.Array) -> list[str]:
    strings: list[str] = ids.to_numpy(zero_copy_only=False).tolist()
    return strings
