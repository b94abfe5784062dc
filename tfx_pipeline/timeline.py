"""Where the users, windows and baskets of ordered events start."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from tfx_pipeline.split import NEVER, WINDOWS, Split, first_rows


@dataclass(frozen=True)
class Timeline:
    """Where the users and windows of some events start.

    Attributes:
        users: Row where each user starts, and the number of rows, int64 [users + 1].
        owners: User of each event, int64 [events].
        timestamps: Epoch seconds, int64 [events].
        windows: Index into `WINDOWS`, int64 [events].
        baskets: Number of each event's basket within its user, int64 [events].
        last_of_basket: Row of the last event of each event's basket, int64 [events].
        returned: When the event was taken back, `NEVER` if not, int64 [events]; None where nothing ever was.
        first: For the windows 1 to 3, the row where each user's events of it or a later one start, int64 [users].
        starts: For the windows 1 to 4, when it starts for each user, epoch seconds int64 [users].
    """

    users: np.ndarray
    owners: np.ndarray
    timestamps: np.ndarray
    windows: np.ndarray
    baskets: np.ndarray
    last_of_basket: np.ndarray
    returned: np.ndarray | None
    first: dict[int, np.ndarray]
    starts: dict[int, np.ndarray]

    @classmethod
    def of(cls, events: pa.Table, split: Split) -> "Timeline":
        """The timeline of events that are ordered by user and time."""
        codes = events["user_id"].combine_chunks().dictionary_encode().indices.to_numpy()
        users = np.append(np.flatnonzero(np.diff(codes, prepend=-1)), len(codes))
        timestamps = events["timestamp"].to_numpy()
        windows = split.windows_of(events, users)
        returned = events["returned_at"].to_numpy() if "returned_at" in events.column_names else None
        baskets = _number_baskets(events, users)
        return cls(
            users=users,
            owners=np.repeat(np.arange(len(users) - 1), np.diff(users)),
            timestamps=timestamps,
            windows=windows,
            baskets=baskets,
            last_of_basket=_last_of_baskets(baskets, users),
            returned=None if returned is None or (returned == NEVER).all() else returned,
            first={window: first_rows(users, windows, window) for window in range(1, len(WINDOWS))},
            starts={window: split.starts(windows, timestamps, users, window) for window in range(1, len(WINDOWS) + 1)},
        )


def _number_baskets(events: pa.Table, users: np.ndarray) -> np.ndarray:
    """Position, among its user's events, of the first event of the same basket; its own without one. int64 [N]."""
    starts = np.repeat(users[:-1], np.diff(users))
    rows = np.arange(len(events), dtype=np.int64)
    if "basket_id" not in events.column_names:
        return rows - starts
    baskets = events["basket_id"].combine_chunks().dictionary_encode()
    # One number for each pair of user and basket; an event without a basket is one of its own.
    names = baskets.dictionary.to_numpy(zero_copy_only=False)
    codes = baskets.indices.to_numpy().astype(np.int64)
    key = np.where((names == "")[codes] if len(names) else False, -1 - rows, starts * max(len(names), 1) + codes)
    number = pd.factorize(key)[0]
    first = np.zeros(number.max(initial=-1) + 1, np.int64)
    first[number[::-1]] = rows[::-1]
    return first[number] - starts


def _last_of_baskets(baskets: np.ndarray, users: np.ndarray) -> np.ndarray:
    """Row of the last event of each event's basket, int64 [N]."""
    first = baskets + np.repeat(users[:-1], np.diff(users))
    last = np.zeros(len(first), np.int64)
    # Of several rows with one basket the last one written counts.
    last[first] = np.arange(len(first))
    return last[first]
