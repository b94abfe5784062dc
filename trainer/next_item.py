"""Sequences of items as the plain arrays that `TwoTowerModel` takes for next-item prediction."""

from collections.abc import Sequence

import numpy as np


def next_item_windows(
    sequences: Sequence[np.ndarray], length: int, users: Sequence[int] | None = None
) -> dict[str, np.ndarray]:
    """Cut sequences into windows in which every position predicts the item after it.

    A sequence longer than a window gives several, the latest one full; neighbouring windows share one item, so that
    each item but the first is a target once. Sequences of fewer than two items give nothing.

    Args:
        sequences: Catalogue rows of each sequence, oldest first, int [n].
        length: Positions of a window, L.
        users: Row of the user of each sequence; left out of the result if not given.

    Returns:
        `history` and `targets` int32 [W, L], -1 pads at the end, and `users` int32 [W].

    Raises:
        ValueError: `length` is below 1.
    """
    if length < 1:
        raise ValueError(f"length is {length}, expected 1 or more")
    history, targets, owners = [], [], []
    for number, items in enumerate(sequences):
        for end in range(len(items) - 1, 0, -length):
            start = max(end - length, 0)
            history.append(_padded(items[start:end], length))
            targets.append(_padded(items[start + 1 : end + 1], length))
            owners.append(number if users is None else users[number])
    shape = (len(history), length)
    windows = {
        "history": np.array(history, np.int32).reshape(shape),
        "targets": np.array(targets, np.int32).reshape(shape),
    }
    return windows if users is None else {**windows, "users": np.array(owners, np.int32)}


def _padded(items: np.ndarray, length: int) -> np.ndarray:
    return np.pad(np.asarray(items, np.int32), (0, length - len(items)), constant_values=-1)
