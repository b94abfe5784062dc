"""Room for new items in the tables of a catalogue."""

import numpy as np


def with_new_rows(table: np.ndarray, count: int) -> np.ndarray:
    """A table of V items and the unknown one, with rows for `count` new items between the two.

    Of a new item nothing is known yet, so its row is that of the unknown item.

    Args:
        table: [V + 1, ...].
        count: New items, N.

    Returns:
        [V + N + 1, ...].
    """
    return np.concatenate([table, np.repeat(table[-1:], count, axis=0)])
