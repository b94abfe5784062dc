"""In which window an event lies, worked out from the definitions of the split methods.

Nothing here is shared with the code that builds the examples, so that one mistake cannot hide in both.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

NEVER = np.iinfo(np.int64).max
TRAIN_WINDOW, RANKER_WINDOW, EVAL_WINDOW, TEST_WINDOW = range(4)
WINDOWS = 4


@dataclass(frozen=True)
class AuditSplit:
    """What decides the window of an event, as the audit is told.

    Attributes:
        method: `time`: by three boundaries. `files`: by the column `window` of the tables; its training events belong
            to the ranker from `ranker_start` on. `leave_last_out`: by the occasions of each user, which are runs of
            neighbouring events of one time or one basket; the last three are ranker, eval and test, but the first is
            always training.
        ranker_start: Start of the ranker window, epoch seconds; for `time` and `files`.
        eval_start: Start of the eval window, epoch seconds; for `time`.
        test_start: Start of the test window, epoch seconds; for `time`.
        ranker_cases: `user`: the ranker's cases have all events of a user's window as targets, and no history from
            within it. `event`: one target each, and history may reach up to it.
    """

    method: Literal["time", "files", "leave_last_out"]
    ranker_start: int = NEVER
    eval_start: int = NEVER
    test_start: int = NEVER
    ranker_cases: Literal["user", "event"] = "user"

    def __post_init__(self) -> None:
        """Refuse boundaries that are no windows.

        Raises:
            ValueError: The method is `time`, and the boundaries do not increase.
        """
        if self.method == "time" and not self.ranker_start < self.eval_start < self.test_start:
            raise ValueError(f"ranker_start, eval_start and test_start must increase, these are {self.boundaries}")

    @property
    def boundaries(self) -> tuple[int, int, int]:
        """Starts of the ranker, eval and test windows, epoch seconds."""
        return self.ranker_start, self.eval_start, self.test_start

    def windows_in_time(self, timestamps: np.ndarray) -> np.ndarray:
        """Window 0 to 3 of each time under the three boundaries; int64 [N] to int64 [N]."""
        return np.sum([timestamps >= boundary for boundary in self.boundaries], axis=0, dtype=np.int64)


def windows_by_files(given: np.ndarray, timestamps: np.ndarray, ranker_start: int) -> np.ndarray:
    """Windows of the method `files`.

    Args:
        given: What the file of each event says: 0 training and ranker, 2 eval, 3 test; integers [N].
        timestamps: Epoch seconds, int64 [N].
        ranker_start: Start of the ranker window in the training files, epoch seconds.

    Returns:
        Window 0 to 3, int64 [N].
    """
    is_ranker = (given == TRAIN_WINDOW) & (timestamps >= ranker_start)
    return np.where(is_ranker, RANKER_WINDOW, given.astype(np.int64))


def windows_of_last_occasions(users: np.ndarray, timestamps: np.ndarray, baskets: np.ndarray) -> np.ndarray:
    """Windows of the method `leave_last_out`.

    Args:
        users: Any number for each user, int [N].
        timestamps: Epoch seconds, int64 [N]; events of one time count in the order in which they stand.
        baskets: Number of the basket, -1 without one, int64 [N].

    Returns:
        Window 0 to 3, int64 [N].
    """
    order = np.lexsort((timestamps, users))
    user, time, basket = users[order], timestamps[order], baskets[order]
    same_user = user[1:] == user[:-1]
    together = (time[1:] == time[:-1]) | ((basket[1:] == basket[:-1]) & (basket[1:] >= 0))
    occasion = np.cumsum(np.append(True, ~(same_user & together)))
    first_row = np.flatnonzero(np.append(True, ~same_user))
    counts = np.diff(np.append(first_row, len(user)))
    after_first = occasion - np.repeat(occasion[first_row], counts)
    before_last = np.repeat(occasion[first_row + counts - 1], counts) - occasion
    windows = np.empty(len(user), np.int64)
    windows[order] = np.where(after_first == 0, TRAIN_WINDOW, np.maximum(TEST_WINDOW - before_last, TRAIN_WINDOW))
    return windows


def window_starts(
    users: np.ndarray, windows: np.ndarray, timestamps: np.ndarray, count: int, split: AuditSplit
) -> np.ndarray:
    """When windows 0 to 4 start for each user.

    Args:
        users: User of each event, below `count`, int64 [N].
        windows: Window of each event, int64 [N].
        timestamps: Epoch seconds, int64 [N].
        count: Number of users, U.
        split: What decides the windows.

    Returns:
        Epoch seconds int64 [U, 5]: for the method `time` the boundary of the shop; otherwise the time of the user's
        first event of the window, or of the next window that has events; `NEVER` without any.
    """
    if split.method == "time":
        return np.tile(np.array([np.iinfo(np.int64).min, *split.boundaries, NEVER]), (count, 1))
    starts = np.full((count, WINDOWS + 1), NEVER)
    np.minimum.at(starts, (users, windows), timestamps)
    for window in range(TEST_WINDOW, -1, -1):
        is_empty = starts[:, window] == NEVER
        starts[is_empty, window] = starts[is_empty, window + 1]
    return starts
