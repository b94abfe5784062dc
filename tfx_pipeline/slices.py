"""Which rows of ordered events become examples, and from which row on they are targets."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Slices:
    """Examples as rows of events: history [begin, history_end) and targets [target, end).

    Attributes:
        begin: First row, int64 [examples].
        history_end: Row after the history; at most `target`.
        target: First target; the end where there is none.
        end: Row after the last target.
    """

    begin: np.ndarray
    history_end: np.ndarray
    target: np.ndarray
    end: np.ndarray

    def __len__(self) -> int:
        return len(self.begin)

    def __getitem__(self, rows: np.ndarray) -> "Slices":
        """Some of the examples."""
        return Slices(self.begin[rows], self.history_end[rows], self.target[rows], self.end[rows])

    def positions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row, whether it is a target, and number of the example, of every position; [positions] each."""
        histories, targets = self.history_end - self.begin, self.end - self.target
        lengths = histories + targets
        example = np.repeat(np.arange(len(self)), lengths)
        within = np.arange(len(example)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        is_target = within >= histories[example]
        gap = (self.target - self.history_end)[example]
        return self.begin[example] + within + np.where(is_target, gap, 0), is_target, example


def training_slices(users: np.ndarray, end: np.ndarray, window: int, context: int) -> Slices:
    """Windows of at most `window` targets, with `context` events before them, over the events before `end`.

    Args:
        users: Row where each user starts, and the number of rows, int64 [users + 1].
        end: Row after each user's last training event, int64 [users].
        window: Targets in a window.
        context: Events before it.
    """
    start = users[:-1]
    count = -(-(end - start) // window)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    target = np.repeat(start, count) + within * window
    begin = np.maximum(np.repeat(start, count), target - context)
    return Slices(begin, target, target, np.minimum(np.repeat(end, count), target + window))


def case_slices(users: np.ndarray, target: np.ndarray, end: np.ndarray, length: int) -> Slices:
    """One case for each user with targets [target, end): the last `length` events before them as history."""
    has_target = end > target
    begin = np.maximum(users[:-1], target - length)[has_target]
    return Slices(begin, target[has_target], target[has_target], end[has_target])


def event_slices(users: np.ndarray, timestamps: np.ndarray, first: np.ndarray, end: np.ndarray, length: int) -> Slices:
    """One case for each event of [first, end): the last `length` events of its user at earlier times as history."""
    counts = end - first
    owners = np.repeat(np.arange(len(first)), counts)
    rows = np.arange(counts.sum()) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    is_new = np.ones(len(timestamps), bool)
    is_new[1:] = timestamps[1:] != timestamps[:-1]
    # The first event of the same time; one of an earlier user does not count.
    same_time = np.maximum.accumulate(np.where(is_new, np.arange(len(timestamps)), 0))
    history_end = np.maximum(same_time[rows], users[owners])
    begin = np.maximum(users[owners], history_end - length)
    return Slices(begin, history_end, rows, rows + 1)


def store_slices(users: np.ndarray, end: np.ndarray, length: int) -> Slices:
    """The last `length` events of each user before `end`, all of them history."""
    known = end > users[:-1]
    begin = np.maximum(users[:-1], end - length)[known]
    return Slices(begin, end[known], end[known], end[known])
