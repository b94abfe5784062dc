"""The largest entries of every row of a matrix."""

from itertools import pairwise
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Strength = Literal["value", "magnitude"]
"""Whether the strongest entries are the largest or those furthest from 0."""


def strongest_of_row(values: NDArray[np.floating[Any]], count: int, by: Strength = "value") -> NDArray[np.int64]:
    """Places of the strongest values, the strongest first; of equals the first ones win.

    Args:
        values: Values of one row; [N] floats.
        count: Places wanted.
        by: What makes a value strong.

    Returns:
        Places; int64 [min(count, N)].
    """
    strength = np.abs(values) if by == "magnitude" else values
    near = np.arange(len(values))
    if len(values) > count:
        last = np.partition(strength, len(values) - count)[len(values) - count]
        above = np.flatnonzero(strength > last)
        near = np.concatenate([above, np.flatnonzero(strength == last)[: count - len(above)]])
    return near[np.argsort(-strength[near], kind="stable")]


def keep_strongest(matrix: sp.csr_matrix, count: int, by: Strength = "value") -> sp.csr_matrix:
    """The strongest entries of each row; the others become 0.

    Args:
        matrix: Any matrix; float32 [R, C], CSR with sorted columns.
        count: Entries of a row that stay, at most.
        by: What makes an entry strong.

    Returns:
        float32 [R, C], CSR with sorted columns.

    Raises:
        ValueError: `count` is below 1.
    """
    check_count(count)
    starts = matrix.indptr
    kept = [start + np.sort(strongest_of_row(matrix.data[start:end], count, by)) for start, end in pairwise(starts)]
    places = np.concatenate([np.zeros(0, np.int64), *kept])
    ends = np.cumsum([0, *(len(places) for places in kept)])
    return sp.csr_matrix((matrix.data[places], matrix.indices[places], ends), shape=matrix.shape)


def check_count(count: int) -> None:
    """Check how many entries of a row are wanted.

    Raises:
        ValueError: It is below 1.
    """
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1")
